-- The impression ids that occur in several rows, if a file has further columns; as with clicks, rows
-- that differ are conflicting. The ids of a view's impressions are in one span of 16.
WITH spans AS (
    SELECT impression_id >> 4 AS span
    FROM impression_rows
    WHERE tag IS NOT NULL AND impression_id > 0
    GROUP BY impression_id >> 4
    HAVING count(*) > bit_count(bit_or(CAST(1 AS BIGINT) << CAST(impression_id & 15 AS INTEGER)))
)
SELECT
    repeated.impression_id,
    count(*) AS copies,
    min(repeated.banner_id) AS banner_id,
    min(repeated.campaign_id) AS campaign_id,
    min(repeated.tag) AS tag,
    min(repeated.banner_id) <> max(repeated.banner_id)
        OR min(repeated.campaign_id) <> max(repeated.campaign_id)
        OR min(repeated.tag) <> max(repeated.tag) AS conflicting
FROM impression_rows AS repeated
JOIN spans ON spans.span = repeated.impression_id >> 4
WHERE repeated.tag IS NOT NULL AND repeated.impression_id > 0
GROUP BY repeated.impression_id
HAVING count(*) > 1
