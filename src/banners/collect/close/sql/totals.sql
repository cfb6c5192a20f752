-- The figures of each campaign, group and banner: gross with what was left out, and net as the crunch
-- of the event files accepts them. Like the crunch, a conversion counts if its click does, and if no
-- other revenue was reported for it; with a negative revenue it is a refund. What was left out is
-- divided into crawlers, floods, and conversions that do not count for other reasons.
WITH amounts AS (
    SELECT
        conversion_id, click_id, campaign_id, group_name, banner_id, reason,
        CAST(CAST(revenue AS DECIMAL(24, 6)) * 1000000 AS BIGINT) AS micros
    FROM conversions
),
reported AS (
    SELECT
        conversion_id,
        min(campaign_id) AS campaign_id,
        min(group_name) AS group_name,
        min(banner_id) AS banner_id,
        min(micros) AS revenue,
        min(CASE WHEN reason IS NULL THEN micros END) AS least,
        max(CASE WHEN reason IS NULL THEN micros END) AS most,
        min(CASE WHEN reason IS NULL THEN click_id END) AS first_click,
        max(CASE WHEN reason IS NULL THEN click_id END) AS last_click,
        -- Why none of its rows counts.
        CASE WHEN min(CASE WHEN reason IS NULL THEN 0 ELSE 1 END) = 1 THEN min(reason) END AS reason
    FROM amounts
    GROUP BY conversion_id
),
counted AS (
    SELECT
        campaign_id, group_name, banner_id, revenue, reason,
        CASE WHEN least = most AND first_click = last_click THEN least END AS accepted
    FROM reported
    WHERE campaign_id IS NOT NULL
),
seen AS (
    SELECT
        campaign_id, group_name, banner_id,
        count(*) AS impressions, count(CASE WHEN reason IS NULL THEN 1 END) AS net_impressions,
        count(CASE WHEN reason = '${crawler}' THEN 1 END) AS crawler_impressions,
        count(CASE WHEN reason = '${flood}' THEN 1 END) AS flood_impressions
    FROM impressions
    GROUP BY campaign_id, group_name, banner_id
),
followed AS (
    SELECT
        campaign_id, group_name, banner_id,
        1 AS clicks, CASE WHEN reason IS NULL THEN 1 ELSE 0 END AS net_clicks,
        0 AS conversions, 0 AS net_conversions,
        CAST(0 AS BIGINT) AS revenue, CAST(0 AS BIGINT) AS net_revenue,
        0 AS refunds, CAST(0 AS BIGINT) AS refunded,
        CASE WHEN reason = '${crawler}' THEN 1 ELSE 0 END AS crawler_clicks,
        0 AS crawler_conversions, CAST(0 AS BIGINT) AS crawler_revenue,
        CASE WHEN reason = '${flood}' THEN 1 ELSE 0 END AS flood_clicks,
        0 AS flood_conversions, CAST(0 AS BIGINT) AS flood_revenue
    FROM clicks
    UNION ALL
    SELECT
        campaign_id, group_name, banner_id,
        0, 0,
        CASE WHEN revenue >= 0 THEN 1 ELSE 0 END,
        CASE WHEN accepted >= 0 THEN 1 ELSE 0 END,
        CASE WHEN revenue >= 0 THEN revenue ELSE 0 END,
        CASE WHEN accepted >= 0 THEN accepted ELSE 0 END,
        CASE WHEN accepted < 0 THEN 1 ELSE 0 END,
        CASE WHEN accepted < 0 THEN -accepted ELSE 0 END,
        0,
        CASE WHEN reason = '${crawler}' AND revenue >= 0 THEN 1 ELSE 0 END,
        CASE WHEN reason = '${crawler}' AND revenue >= 0 THEN revenue ELSE 0 END,
        0,
        CASE WHEN reason = '${flood}' AND revenue >= 0 THEN 1 ELSE 0 END,
        CASE WHEN reason = '${flood}' AND revenue >= 0 THEN revenue ELSE 0 END
    FROM counted
),
-- Added up before they are joined: there are many more impressions than clicks, and many banners.
added AS (
    SELECT
        campaign_id, group_name, banner_id,
        CAST(sum(clicks) AS BIGINT) AS clicks,
        CAST(sum(net_clicks) AS BIGINT) AS net_clicks,
        CAST(sum(conversions) AS BIGINT) AS conversions,
        CAST(sum(net_conversions) AS BIGINT) AS net_conversions,
        CAST(sum(revenue) AS BIGINT) AS revenue,
        CAST(sum(net_revenue) AS BIGINT) AS net_revenue,
        CAST(sum(refunds) AS BIGINT) AS refunds,
        CAST(sum(refunded) AS BIGINT) AS refunded,
        CAST(sum(crawler_clicks) AS BIGINT) AS crawler_clicks,
        CAST(sum(crawler_conversions) AS BIGINT) AS crawler_conversions,
        CAST(sum(crawler_revenue) AS BIGINT) AS crawler_revenue,
        CAST(sum(flood_clicks) AS BIGINT) AS flood_clicks,
        CAST(sum(flood_conversions) AS BIGINT) AS flood_conversions,
        CAST(sum(flood_revenue) AS BIGINT) AS flood_revenue
    FROM followed
    GROUP BY campaign_id, group_name, banner_id
)
SELECT
    coalesce(seen.campaign_id, added.campaign_id) AS campaign_id,
    coalesce(seen.group_name, added.group_name) AS group_name,
    coalesce(seen.banner_id, added.banner_id) AS banner_id,
    coalesce(impressions, 0) AS impressions,
    coalesce(clicks, 0) AS clicks,
    coalesce(conversions, 0) AS conversions,
    coalesce(revenue, 0) AS revenue_micros,
    coalesce(net_impressions, 0) AS net_impressions,
    coalesce(net_clicks, 0) AS net_clicks,
    coalesce(net_conversions, 0) AS net_conversions,
    coalesce(net_revenue, 0) AS net_revenue_micros,
    coalesce(refunds, 0) AS refunds,
    coalesce(refunded, 0) AS refund_micros,
    coalesce(crawler_impressions, 0) AS crawler_impressions,
    coalesce(crawler_clicks, 0) AS crawler_clicks,
    coalesce(crawler_conversions, 0) AS crawler_conversions,
    coalesce(crawler_revenue, 0) AS crawler_revenue_micros,
    coalesce(flood_impressions, 0) AS flood_impressions,
    coalesce(flood_clicks, 0) AS flood_clicks,
    coalesce(flood_conversions, 0) AS flood_conversions,
    coalesce(flood_revenue, 0) AS flood_revenue_micros
FROM seen
FULL OUTER JOIN added
    ON added.campaign_id = seen.campaign_id
    AND added.group_name = seen.group_name
    AND added.banner_id = seen.banner_id
