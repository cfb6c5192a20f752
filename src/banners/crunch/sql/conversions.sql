-- Each conversion id once, with the number of its rows, the banner and campaign of its click, and
-- its outcome; rows with a bad value are grouped under NULL.
WITH judged AS (
    SELECT
        CASE
            WHEN conversion_id > 0 AND click_id > 0 AND revenue_micros IS NOT NULL
                THEN conversion_id
        END AS conversion_id,
        click_id,
        revenue_micros
    FROM read_conversions
),
by_id AS (
    SELECT
        conversion_id,
        count(*) AS copies,
        min(click_id) AS click_id,
        min(revenue_micros) AS revenue_micros,
        min(click_id) <> max(click_id) OR min(revenue_micros) <> max(revenue_micros) AS conflicting
    FROM judged
    GROUP BY conversion_id
),
-- Clicks are joined to conversions in this order because a join keeps its right side in memory,
-- and there are fewer conversions.
clicked AS (
    SELECT
        by_id.conversion_id,
        min(clicks.banner_id) AS banner_id,
        min(clicks.tag) AS tag, -- tagged
        min(clicks.campaign_id) AS campaign_id
    FROM clicks
    JOIN by_id ON by_id.click_id = clicks.click_id
    GROUP BY by_id.conversion_id
    HAVING min(clicks.banner_id) = max(clicks.banner_id)
        AND min(clicks.tag) = max(clicks.tag) -- tagged
        AND min(clicks.campaign_id) = max(clicks.campaign_id)
)
SELECT
    by_id.conversion_id,
    by_id.copies,
    by_id.revenue_micros,
    clicked.banner_id,
    clicked.tag, -- tagged
    clicked.campaign_id,
    CASE
        WHEN by_id.conversion_id IS NULL THEN 'rejected'
        WHEN by_id.conflicting THEN 'conflicting_id'
        WHEN by_id.revenue_micros < 0 THEN 'refund'
        WHEN clicked.conversion_id IS NULL THEN 'orphan_conversion'
        ELSE 'accepted'
    END AS outcome
FROM by_id
LEFT JOIN clicked ON clicked.conversion_id = by_id.conversion_id
