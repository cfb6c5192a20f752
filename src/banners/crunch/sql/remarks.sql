-- Figures that do not change the result. The orphans' revenue is summed as a decimal, because it is
-- not limited to 64 bits: it is not published.
SELECT
    (
        SELECT coalesce(sum(clicks), 0)
        FROM performance -- untagged
        FROM ( -- tagged
            SELECT sum(impressions) AS impressions, sum(clicks) AS clicks -- tagged
            FROM performance -- tagged
            GROUP BY campaign_id, banner_id -- tagged
        ) AS candidates -- tagged
        WHERE impressions = 0
    ) AS unseen_clicks,
    (
        SELECT coalesce(sum(CAST(revenue_micros AS DECIMAL(38, 0))), 0)
        FROM conversions
        WHERE outcome = 'orphan_conversion'
    ) AS orphan_revenue_micros
