-- The figures of each candidate: every banner with an accepted impression, click or conversion.
WITH figures AS (
    SELECT
        campaign_id, banner_id,
        tag, -- tagged
        impressions,
        0 AS clicks, 0 AS conversions, 0 AS revenue_micros
    FROM impressions
    WHERE banner_id IS NOT NULL
    UNION ALL
    -- Subtract all rows of repeated ids, then add each id without a conflict once.
    SELECT -- tagged
        impression_rows.campaign_id, impression_rows.banner_id, impression_rows.tag, -- tagged
        -count(*), 0, 0, 0 -- tagged
    FROM impression_rows -- tagged
    JOIN repeated_impressions -- tagged
        ON repeated_impressions.impression_id = impression_rows.impression_id -- tagged
    WHERE impression_rows.tag IS NOT NULL -- tagged
    GROUP BY -- tagged
        impression_rows.campaign_id, impression_rows.banner_id, impression_rows.tag -- tagged
    UNION ALL -- tagged
    SELECT campaign_id, banner_id, tag, count(*), 0, 0, 0 -- tagged
    FROM repeated_impressions -- tagged
    WHERE NOT conflicting -- tagged
    GROUP BY campaign_id, banner_id, tag -- tagged
    UNION ALL -- tagged
    SELECT
        campaign_id, banner_id,
        tag, -- tagged
        0, count(*), 0, 0
    FROM clicks
    WHERE click_id IS NOT NULL
    GROUP BY
        tag, -- tagged
        campaign_id, banner_id
    UNION ALL
    -- As with impressions.
    SELECT
        clicks.campaign_id, clicks.banner_id,
        clicks.tag, -- tagged
        0, -count(*), 0, 0
    FROM clicks
    JOIN repeated_clicks ON repeated_clicks.click_id = clicks.click_id
    GROUP BY
        clicks.tag, -- tagged
        clicks.campaign_id, clicks.banner_id
    UNION ALL
    SELECT
        campaign_id, banner_id,
        tag, -- tagged
        0, count(*), 0, 0
    FROM repeated_clicks
    WHERE NOT conflicting
    GROUP BY
        tag, -- tagged
        campaign_id, banner_id
    UNION ALL
    -- Conversions are few, so adding them up here first would take more time than it saves.
    SELECT
        campaign_id, banner_id,
        tag, -- tagged
        0, 0, 1, revenue_micros
    FROM conversions
    WHERE outcome = 'accepted'
)
SELECT
    campaign_id,
    banner_id,
    tag, -- tagged
    CAST(sum(impressions) AS BIGINT) AS impressions,
    CAST(sum(clicks) AS BIGINT) AS clicks,
    CAST(sum(conversions) AS BIGINT) AS conversions,
    CAST(sum(revenue_micros) AS BIGINT) AS revenue_micros
FROM figures
GROUP BY
    tag, -- tagged
    campaign_id, banner_id
HAVING sum(impressions) + sum(clicks) + sum(conversions) > 0
