-- The impressions of each banner in each campaign; those with a bad id have none. Judged after
-- they are counted: there are many rows, and far fewer pairs.
SELECT
    CASE WHEN campaign_id > 0 AND banner_id > 0 THEN campaign_id END AS campaign_id,
    CASE WHEN campaign_id > 0 AND banner_id > 0 THEN banner_id END AS banner_id,
    impressions
FROM (
    SELECT campaign_id, banner_id, count(*) AS impressions
    FROM read_impressions
    GROUP BY campaign_id, banner_id
) AS counted
