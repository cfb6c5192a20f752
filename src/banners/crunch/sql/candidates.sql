-- All candidates with their figures, by campaign, best first. What the rule makes of them is decided
-- in core/rule.py.
SELECT campaign_id, banner_id, impressions, clicks, conversions, revenue_micros
FROM performance -- untagged
FROM ( -- tagged
    SELECT -- tagged
        campaign_id, banner_id, -- tagged
        CAST(sum(impressions) AS BIGINT) AS impressions, -- tagged
        CAST(sum(clicks) AS BIGINT) AS clicks, -- tagged
        CAST(sum(conversions) AS BIGINT) AS conversions, -- tagged
        CAST(sum(revenue_micros) AS BIGINT) AS revenue_micros -- tagged
    FROM performance -- tagged
    GROUP BY campaign_id, banner_id -- tagged
) AS candidates -- tagged
ORDER BY campaign_id, ${ranking}
