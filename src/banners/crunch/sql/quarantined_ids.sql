-- The ids whose rows are quarantined, with the reason; run only if there are such rows.
SELECT 'impressions' AS kind, impression_id AS id, 'conflicting_id' AS reason -- tagged
FROM repeated_impressions -- tagged
WHERE conflicting -- tagged
UNION ALL -- tagged
SELECT 'clicks' AS kind, click_id AS id, 'conflicting_id' AS reason
FROM repeated_clicks
WHERE conflicting
UNION ALL
SELECT 'conversions', conversion_id, outcome
FROM conversions
WHERE outcome NOT IN ('accepted', 'rejected')
ORDER BY kind, id
