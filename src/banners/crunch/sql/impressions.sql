-- Number of impressions of each banner in each campaign; rows with a bad value are counted under
-- NULL. Ids are checked after counting, because there are far fewer pairs than rows.
SELECT
    CASE
        WHEN campaign_id > 0 AND banner_id > 0
            AND tag IS NOT NULL -- tagged
            THEN campaign_id
    END AS campaign_id,
    CASE
        WHEN campaign_id > 0 AND banner_id > 0
            AND tag IS NOT NULL -- tagged
            THEN banner_id
    END AS banner_id,
    tag, -- tagged
    impressions
FROM (
    SELECT
        campaign_id,
        banner_id,
        tag, -- tagged
        count(*) AS impressions
    FROM ${impression_rows}
    GROUP BY
        tag, -- tagged
        campaign_id, banner_id
) AS counted
