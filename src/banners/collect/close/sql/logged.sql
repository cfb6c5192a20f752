-- The impressions and revenue of the banners of each campaign's lineups, from the views of one slot
-- that were seen and count, by generation and number of places. Fill is left out: it is in no lineup.
WITH given AS (
    SELECT view_id, min(generation) AS generation, max(paused) AS paused
    FROM read_impressions
    GROUP BY view_id
),
shown AS (
    SELECT impression_id >> 4 AS view_id, banner_id
    FROM impressions
    WHERE reason IS NULL AND fill = 0
),
sizes AS (
    SELECT view_id, count(*) AS places FROM shown GROUP BY view_id
),
pages AS (
    SELECT
        views.view_id, views.quarter, views.campaign_id,
        given.generation, given.paused, sizes.places
    FROM views
    JOIN given ON given.view_id = views.view_id
    JOIN sizes ON sizes.view_id = views.view_id
),
-- As in the totals: a conversion counts if no other revenue was reported for it.
amounts AS (
    SELECT
        conversion_id, click_id, banner_id,
        CAST(CAST(revenue AS DECIMAL(24, 6)) * 1000000 AS BIGINT) AS micros
    FROM conversions
    WHERE reason IS NULL
),
counted AS (
    SELECT min(click_id) AS click_id, min(banner_id) AS banner_id, min(micros) AS micros
    FROM amounts
    GROUP BY conversion_id
    HAVING min(micros) = max(micros) AND min(click_id) = max(click_id) AND min(micros) >= 0
),
earned AS (
    SELECT
        click_id >> 4 AS view_id, banner_id,
        sum(CAST(micros AS DOUBLE)) AS micros,
        sum(CAST(micros AS DOUBLE) * micros) AS squares
    FROM counted
    GROUP BY click_id >> 4, banner_id
),
slot AS (
    SELECT
        quarter, campaign_id, generation, places,
        count(*) AS pages,
        CAST(max(max(paused)) OVER (PARTITION BY quarter, campaign_id, generation) AS BOOLEAN)
            AS altered
    FROM pages
    GROUP BY quarter, campaign_id, generation, places
),
banners AS (
    SELECT
        pages.quarter, pages.campaign_id, pages.generation, pages.places, shown.banner_id,
        count(*) AS impressions,
        coalesce(sum(earned.micros), 0) AS micros, coalesce(sum(earned.squares), 0) AS squares
    FROM pages
    JOIN shown ON shown.view_id = pages.view_id
    LEFT JOIN earned ON earned.view_id = shown.view_id AND earned.banner_id = shown.banner_id
    GROUP BY
        pages.quarter, pages.campaign_id, pages.generation, pages.places, shown.banner_id
)
SELECT
    slot.quarter, slot.campaign_id, slot.generation, slot.places, slot.pages, slot.altered,
    banners.banner_id, banners.impressions, banners.micros, banners.squares
FROM slot
JOIN banners
    ON banners.quarter = slot.quarter
    AND banners.campaign_id = slot.campaign_id
    AND banners.generation = slot.generation
    AND banners.places = slot.places
ORDER BY
    slot.quarter, slot.campaign_id, slot.generation, slot.places, banners.banner_id
