-- The rows of clicks; one with a bad value has no click id.
SELECT
    CASE WHEN click_id > 0 AND banner_id > 0 AND campaign_id > 0 THEN click_id END AS click_id,
    banner_id,
    campaign_id
FROM read_clicks
