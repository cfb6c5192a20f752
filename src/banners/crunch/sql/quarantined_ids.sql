-- The ids whose rows were set aside, and why: asked for only where the accounting has some.
SELECT 'clicks' AS kind, click_id AS id, 'conflicting_id' AS reason
FROM repeated_clicks
WHERE conflicting
UNION ALL
SELECT 'conversions', conversion_id, outcome
FROM conversions
WHERE outcome NOT IN ('accepted', 'rejected')
ORDER BY kind, id
