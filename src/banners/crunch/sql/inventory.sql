-- Every candidate of any campaign: what a page is filled up from when its campaign has too few.
SELECT DISTINCT banner_id FROM performance ORDER BY banner_id
