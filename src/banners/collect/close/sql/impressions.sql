-- Each banner of each view, with the campaign in whose report it counts. There are many more of
-- these rows than views.
SELECT
    quarter,
    CAST(split_part(banner_ids, ';', place) AS BIGINT) AS banner_id,
    CASE
        WHEN fill <> '' AND split_part(fill, ';', place) <> '0'
            THEN CAST(split_part(fill, ';', place) AS BIGINT)
        ELSE campaign_id
    END AS campaign_id,
    view_id * 16 + place AS impression_id,
    group_name,
    CASE WHEN fill <> '' AND split_part(fill, ';', place) <> '0' THEN 1 ELSE 0 END AS fill,
    places,
    reason
FROM views
JOIN places ON places.place <= views.places
