-- Number of rows that the engine read, by kind and outcome; every row has one outcome.
SELECT 'impressions' AS kind, 'accepted' AS outcome, coalesce(sum(impressions), 0) AS affected
FROM performance
UNION ALL
SELECT -- tagged
    'impressions', -- tagged
    CASE WHEN conflicting THEN 'conflicting_id' ELSE 'duplicate' END, -- tagged
    sum(CASE WHEN conflicting THEN copies ELSE copies - 1 END) -- tagged
FROM repeated_impressions -- tagged
GROUP BY conflicting -- tagged
UNION ALL -- tagged
SELECT 'impressions', 'rejected', coalesce(sum(impressions), 0)
FROM impressions
WHERE banner_id IS NULL
UNION ALL
SELECT 'clicks', 'rejected', count(*) FROM clicks WHERE click_id IS NULL
UNION ALL
SELECT 'clicks', 'conflicting_id', coalesce(sum(copies), 0) FROM repeated_clicks WHERE conflicting
UNION ALL
SELECT 'clicks', 'duplicate', coalesce(sum(copies - 1), 0)
FROM repeated_clicks
WHERE NOT conflicting
UNION ALL
SELECT 'clicks', 'accepted', coalesce(sum(clicks), 0) FROM performance
UNION ALL
SELECT 'conversions', 'duplicate', coalesce(sum(copies - 1), 0)
FROM conversions
WHERE outcome NOT IN ('rejected', 'conflicting_id')
UNION ALL
SELECT
    'conversions', outcome,
    CASE WHEN outcome IN ('rejected', 'conflicting_id') THEN sum(copies) ELSE count(*) END
FROM conversions
GROUP BY outcome
