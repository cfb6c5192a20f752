-- Number of rows with a bad value, by kind and reason; run only if rows were rejected.
WITH judged AS (
    SELECT
        'impressions' AS kind,
        CASE
            WHEN to_id(banner_id) > 0 AND to_id(campaign_id) > 0
                AND (impression_id IS NULL OR to_id(impression_id) > 0) -- tagged
                THEN CASE -- tagged
                    WHEN tag_of(group_name, '0') IS NULL THEN 'bad_group' -- tagged
                    WHEN tag_of(group_name, fill) IS NULL THEN 'bad_fill' -- tagged
                END -- tagged
                THEN NULL -- untagged
            ELSE 'bad_id'
        END AS reason
    FROM text_impressions
    UNION ALL
    SELECT
        'clicks',
        CASE
            WHEN to_id(click_id) > 0 AND to_id(banner_id) > 0 AND to_id(campaign_id) > 0
                THEN CASE -- tagged
                    WHEN tag_of(group_name, '0') IS NULL THEN 'bad_group' -- tagged
                    WHEN tag_of(group_name, fill) IS NULL THEN 'bad_fill' -- tagged
                END -- tagged
                THEN NULL -- untagged
            ELSE 'bad_id'
        END
    FROM text_clicks
    UNION ALL
    SELECT
        'conversions',
        CASE
            WHEN to_id(conversion_id) > 0 AND to_id(click_id) > 0
                THEN CASE WHEN to_micros(revenue) IS NULL THEN 'bad_revenue' END
            ELSE 'bad_id'
        END
    FROM text_conversions
)
SELECT kind, reason, count(*) AS affected
FROM judged
WHERE reason IS NOT NULL
GROUP BY kind, reason
