-- The rows of impressions, if a file has further columns; the tag is NULL in a row with a bad value.
-- The id is zero where the file has none.
SELECT
    banner_id,
    campaign_id,
    impression_id,
    CASE WHEN campaign_id > 0 AND banner_id > 0 AND impression_id >= 0 THEN tag END AS tag
FROM read_impressions
