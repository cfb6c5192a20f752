-- Each conversion, once; with another revenue it is another row, and the crunch decides that both
-- conflict. A conversion counts as its click does. One whose click is not known is kept, because
-- the click may still arrive from another host; until then the crunch calls it an orphan.
SELECT
    coalesce(min(clicks.quarter), ${quarter}) AS quarter,
    reported.conversion_id,
    reported.click_id,
    reported.revenue,
    min(clicks.campaign_id) AS campaign_id,
    min(clicks.group_name) AS group_name,
    min(clicks.banner_id) AS banner_id,
    count(*) AS deliveries,
    CASE
        WHEN max(CASE
            WHEN clicks.click_id IS NULL THEN 1
            WHEN reported.campaign_id IN (0, clicks.campaign_id) THEN 1
            ELSE 0
        END) = 0 THEN '${other_campaign}'
        ELSE min(clicks.reason)
    END AS reason
FROM read_conversions AS reported
LEFT JOIN clicks ON clicks.click_id = reported.click_id
GROUP BY reported.conversion_id, reported.click_id, reported.revenue
