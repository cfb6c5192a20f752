-- Each view that was seen, once. It counts if any of its deliveries was clean; otherwise `reason`
-- says why not. Deliveries of a view differ in nothing but the traffic, since the token is signed.
SELECT
    view_id,
    min(quarter) AS quarter,
    min(campaign_id) AS campaign_id,
    min(group_name) AS group_name,
    min(banner_ids) AS banner_ids,
    -- Engines read an empty field as NULL.
    coalesce(min(fill), '') AS fill,
    min(length(banner_ids) - length(replace(banner_ids, ';', '')) + 1) AS places,
    count(*) AS deliveries,
    CASE WHEN max(CASE WHEN traffic = 'clean' THEN 1 ELSE 0 END) = 0 THEN min(traffic) END AS reason
FROM read_impressions
GROUP BY view_id
