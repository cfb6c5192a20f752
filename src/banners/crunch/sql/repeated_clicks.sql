-- The click ids that occur in several rows. Rows that differ are conflicting, because which came
-- first depends on the order of reading. Nearly all ids occur once, so each span of 32 ids is first
-- reduced to 32 bits, and only spans with fewer bits than rows are examined.
WITH spans AS (
    SELECT click_id >> 5 AS span
    FROM clicks
    WHERE click_id IS NOT NULL
    GROUP BY click_id >> 5
    HAVING count(*) > bit_count(bit_or(CAST(1 AS BIGINT) << CAST(click_id & 31 AS INTEGER)))
)
SELECT
    clicks.click_id,
    count(*) AS copies,
    min(clicks.banner_id) AS banner_id,
    min(clicks.campaign_id) AS campaign_id,
    min(clicks.tag) AS tag, -- tagged
    min(clicks.banner_id) <> max(clicks.banner_id)
        OR min(clicks.tag) <> max(clicks.tag) -- tagged
        OR min(clicks.campaign_id) <> max(clicks.campaign_id) AS conflicting
FROM clicks
JOIN spans ON spans.span = clicks.click_id >> 5
GROUP BY clicks.click_id
HAVING count(*) > 1
