-- The figures of each candidate in a window by quarter and arm: what policies learn from. Revenue
-- that refunds bring below zero counts as zero.
SELECT
    campaign_id,
    banner_id,
    quarter,
    CASE WHEN "group" IN ('trial_rule', 'trial_policy') THEN "group" ELSE '' END AS arm,
    CAST(sum(impressions) AS DOUBLE) AS impressions,
    CAST(sum(clicks) AS DOUBLE) AS clicks,
    CAST(sum(conversions) AS DOUBLE) AS conversions,
    CAST(greatest(sum(revenue_micros), 0) AS DOUBLE) AS revenue_micros
FROM slots
GROUP BY ALL
