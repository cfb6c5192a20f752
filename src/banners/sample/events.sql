-- The events of a sample, as views over range(): nothing is stored, so that memory stays small,
-- and nothing is joined or sorted, so that the rows come in the same order every time.
--
-- Variables that are set before a view is read:
--   seed, quarter
--   impressions   rows of the quarter
--   campaigns     how many there are, numbered from 1
--   first_id      id of the quarter's first event; the ids of the others follow
--   own_banners   whether each campaign has banners of its own, or all draw on one inventory
--   inventory     how many banners there are, numbered from 100

-- A number of [0, 1), always the same for the same seed, purpose and key. The inner hash of two
-- purposes differs by a constant only (it ends in an xor), so it is hashed once more: without
-- that, banners that are clicked often would be those that convert rarely, or the other way round.
CREATE MACRO draw(purpose, key) AS
    (hash(hash(getvariable('seed'), purpose, key)) >> 11) / 9007199254740992;

-- What a banner is like in a campaign: mostly lasting, and a little of the quarter.
CREATE MACRO trait(purpose, pair) AS
    0.85 * draw(purpose, pair)
    + 0.15 * draw(concat(purpose, ' in quarter ', getvariable('quarter')), pair);

-- How many banners a campaign has. Of twenty campaigns sixteen are of the ordinary kind.
CREATE MACRO pool_size(campaign_id) AS CASE
    WHEN getvariable('own_banners') THEN 50
    WHEN campaign_id % 20 = 4 THEN 3   -- too few for a page
    WHEN campaign_id % 20 = 8 THEN 12
    WHEN campaign_id % 20 = 12 THEN 7
    WHEN campaign_id % 20 = 16 THEN 12
    ELSE 30 + floor(41 * draw('pool size', campaign_id))
END;

-- How many of them can bring revenue at all, so that every case of the rule occurs.
CREATE MACRO able_to_convert(campaign_id) AS CASE campaign_id % 20
    WHEN 4 THEN 3                      -- revenue_then_clicks
    WHEN 8 THEN 3                      -- revenue_then_clicks
    WHEN 12 THEN 7                     -- all_converting
    WHEN 16 THEN 0                     -- most_clicks
    ELSE 1000                          -- top_revenue
END;

-- Shared pools begin 29 places after one another, which is less than most of them hold: they
-- overlap. The inventory is walked in steps of 157, so that a pool is no mere block of ids; as 401
-- is a prime, the steps come by every banner.
CREATE MACRO banner_of(campaign_id, place) AS
    100 + CASE WHEN getvariable('own_banners') THEN 50 * (campaign_id - 1) + place
               ELSE (29 * (campaign_id - 1) + place) * 157 % getvariable('inventory') END;

CREATE VIEW impressions AS
WITH events AS (
    SELECT getvariable('first_id') + range AS event_id
    FROM range(getvariable('impressions'))
),
of_campaigns AS (
    SELECT
        event_id,
        1 + floor(getvariable('campaigns') * draw('campaign', event_id))::BIGINT AS campaign_id
    FROM events
),
of_places AS (
    SELECT
        *,
        floor(pool_size(campaign_id) * draw('place', event_id))::BIGINT AS place
    FROM of_campaigns
)
SELECT
    event_id,
    banner_of(campaign_id, place) AS banner_id,
    campaign_id,
    place,
    1000 * campaign_id + place AS pair
FROM of_places;

CREATE VIEW clicks AS
SELECT event_id AS click_id, banner_id, campaign_id, place, pair
FROM impressions
WHERE draw('click', event_id) < 0.14 + 0.40 * trait('click rate', pair);

-- One conversion of twenty is followed by a second one of the same click.
CREATE VIEW conversions AS
WITH chances AS (
    SELECT
        click_id,
        pair,
        draw('conversion', click_id) AS chance,
        0.02 + 0.18 * trait('conversion rate', pair) AS rate
    FROM clicks
    WHERE place < able_to_convert(campaign_id)
),
converted AS (
    SELECT
        click_id,
        pair,
        10 * click_id
        + unnest(range(CASE WHEN chance < rate / 20 THEN 2 ELSE 1 END)) AS conversion_id
    FROM chances
    WHERE chance < rate
)
SELECT
    conversion_id,
    click_id,
    floor(
        1000000 * (0.2 + 1.6 * trait('average revenue', pair))
        * (0.5 + draw('revenue', conversion_id))
    ) / 1000000 AS revenue
FROM converted;
