-- The pages of each campaign and group: distinct views that were seen and that count.
SELECT campaign_id, group_name, count(*) AS pages
FROM views
WHERE reason IS NULL
GROUP BY campaign_id, group_name
