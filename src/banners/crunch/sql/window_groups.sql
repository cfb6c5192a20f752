-- The same by group and fill, in order.
SELECT
    campaign_id,
    banner_id,
    "group",
    fill,
    CAST(sum(impressions) AS BIGINT) AS impressions,
    CAST(sum(clicks) AS BIGINT) AS clicks,
    CAST(sum(conversions) AS BIGINT) AS conversions,
    CAST(sum(revenue_micros) AS BIGINT) AS revenue_micros
FROM slots
GROUP BY campaign_id, banner_id, "group", fill
ORDER BY campaign_id, banner_id, "group", fill
