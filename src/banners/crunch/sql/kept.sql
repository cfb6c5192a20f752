-- The figures of each candidate by group and fill, in order. A tag is taken apart again.
SELECT
    campaign_id,
    banner_id,
    CASE tag >> 1${group_names} END AS group_name, -- tagged
    CAST(tag & 1 AS INTEGER) AS fill, -- tagged
    '${rule}' AS group_name, -- untagged
    0 AS fill, -- untagged
    impressions,
    clicks,
    conversions,
    revenue_micros
FROM performance
ORDER BY
    campaign_id,
    tag, -- tagged
    banner_id
