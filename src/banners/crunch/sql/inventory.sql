-- The candidates of all campaigns, from which the fill draws if a campaign has too few.
SELECT DISTINCT banner_id FROM performance ORDER BY banner_id
