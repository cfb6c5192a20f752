-- The places that a view may have.
SELECT place
FROM (
    VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15)
) AS numbers(place)
