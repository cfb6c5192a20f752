-- The rows of clicks; the click id is NULL in a row with a bad value.
SELECT
    CASE
        WHEN click_id > 0 AND banner_id > 0 AND campaign_id > 0
            AND tag IS NOT NULL -- tagged
            THEN click_id
    END AS click_id,
    banner_id,
    tag, -- tagged
    campaign_id
FROM read_clicks
