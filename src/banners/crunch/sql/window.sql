-- The figures of each candidate in a window: the sums over its slots, groups and fill.
SELECT
    campaign_id,
    banner_id,
    CAST(sum(impressions) AS BIGINT) AS impressions,
    CAST(sum(clicks) AS BIGINT) AS clicks,
    CAST(sum(conversions) AS BIGINT) AS conversions,
    CAST(sum(revenue_micros) AS BIGINT) AS revenue_micros
FROM slots
GROUP BY campaign_id, banner_id
