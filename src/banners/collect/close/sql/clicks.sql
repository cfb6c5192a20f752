-- Each click, once. It counts if any of its deliveries was clean; otherwise `reason` says why not.
SELECT
    min(quarter) AS quarter,
    click_id,
    min(banner_id) AS banner_id,
    min(campaign_id) AS campaign_id,
    min(group_name) AS group_name,
    min(fill) AS fill,
    count(*) AS deliveries,
    CASE WHEN max(CASE WHEN traffic = 'clean' THEN 1 ELSE 0 END) = 0 THEN min(traffic) END AS reason
FROM read_clicks
GROUP BY click_id
