-- The figures of each candidate: every banner with an accepted impression, click or conversion.
WITH figures AS (
    SELECT
        campaign_id, banner_id, impressions,
        0 AS clicks, 0 AS conversions, 0 AS revenue_micros
    FROM impressions
    WHERE banner_id IS NOT NULL
    UNION ALL
    SELECT campaign_id, banner_id, 0, count(*), 0, 0
    FROM clicks
    WHERE click_id IS NOT NULL
    GROUP BY campaign_id, banner_id
    UNION ALL
    -- Of the ids of several rows none is to count, and then each that does not conflict once.
    SELECT clicks.campaign_id, clicks.banner_id, 0, -count(*), 0, 0
    FROM clicks
    JOIN repeated_clicks ON repeated_clicks.click_id = clicks.click_id
    GROUP BY clicks.campaign_id, clicks.banner_id
    UNION ALL
    SELECT campaign_id, banner_id, 0, count(*), 0, 0
    FROM repeated_clicks
    WHERE NOT conflicting
    GROUP BY campaign_id, banner_id
    UNION ALL
    SELECT campaign_id, banner_id, 0, 0, count(*), sum(revenue_micros)
    FROM conversions
    WHERE outcome = 'accepted'
    GROUP BY campaign_id, banner_id
)
SELECT
    campaign_id,
    banner_id,
    CAST(sum(impressions) AS BIGINT) AS impressions,
    CAST(sum(clicks) AS BIGINT) AS clicks,
    CAST(sum(conversions) AS BIGINT) AS conversions,
    CAST(sum(revenue_micros) AS BIGINT) AS revenue_micros
FROM figures
GROUP BY campaign_id, banner_id
HAVING sum(impressions) + sum(clicks) + sum(conversions) > 0
