-- What is worth a remark though it changes nothing. Added up as a decimal: the revenue of orphans
-- has no bound, since nothing of it is published.
SELECT
    (SELECT coalesce(sum(clicks), 0) FROM performance WHERE impressions = 0) AS unseen_clicks,
    (
        SELECT coalesce(sum(CAST(revenue_micros AS DECIMAL(38, 0))), 0)
        FROM conversions
        WHERE outcome = 'orphan_conversion'
    ) AS orphan_revenue_micros
