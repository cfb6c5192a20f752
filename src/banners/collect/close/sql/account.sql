-- What became of everything that was recorded: the numbers of a kind add up to its deliveries.
SELECT 'impressions' AS kind, coalesce(reason, '${kept}') AS outcome, sum(places) AS affected
FROM views
GROUP BY coalesce(reason, '${kept}')
UNION ALL
SELECT 'impressions', '${duplicate}', coalesce(sum(places * (deliveries - 1)), 0) FROM views
UNION ALL
SELECT 'clicks', coalesce(reason, '${kept}'), count(*)
FROM clicks
GROUP BY coalesce(reason, '${kept}')
UNION ALL
SELECT 'clicks', '${duplicate}', coalesce(sum(deliveries - 1), 0) FROM clicks
UNION ALL
SELECT 'conversions', coalesce(reason, '${kept}'), count(*)
FROM conversions
GROUP BY coalesce(reason, '${kept}')
UNION ALL
SELECT 'conversions', '${duplicate}', coalesce(sum(deliveries - 1), 0) FROM conversions
