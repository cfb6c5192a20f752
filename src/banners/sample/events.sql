-- The events of a sample, as views over range(): nothing is stored, so that memory stays small,
-- and nothing is joined or sorted, so that the rows come in the same order every time.
--
-- Variables to set before a view is read:
--   seed, quarter
--   impressions   number of rows of the quarter
--   campaigns     number of campaigns, numbered from 1
--   first_id      id of the quarter's first event; the ids of the others follow
--   own_banners   whether each campaign has banners of its own, or all share one inventory
--   inventory     number of banners, numbered from 100

-- A number in [0, 1), always the same for the same seed, purpose and key. The inner hashes of two
-- purposes differ only by a constant (they end in an xor), so the result is hashed again: otherwise
-- click rates and conversion rates of banners would be correlated.
CREATE MACRO draw(purpose, key) AS
    (hash(hash(getvariable('seed'), purpose, key)) >> 11) / 9007199254740992;

-- A trait of a banner in a campaign: mostly the same in all quarters, partly of this quarter.
CREATE MACRO trait(purpose, pair) AS
    0.85 * draw(purpose, pair)
    + 0.15 * draw(concat(purpose, ' in quarter ', getvariable('quarter')), pair);

-- Number of banners of a campaign. Sixteen of twenty campaigns are ordinary.
CREATE MACRO pool_size(campaign_id) AS CASE
    WHEN getvariable('own_banners') THEN 50
    WHEN campaign_id % 20 = 4 THEN 3   -- too few for a page
    WHEN campaign_id % 20 = 8 THEN 12
    WHEN campaign_id % 20 = 12 THEN 7
    WHEN campaign_id % 20 = 16 THEN 12
    ELSE 30 + floor(41 * draw('pool size', campaign_id))
END;

-- Number of its banners that can convert at all, chosen so that every case of the rule occurs.
CREATE MACRO able_to_convert(campaign_id) AS CASE campaign_id % 20
    WHEN 4 THEN 3                      -- revenue_then_clicks
    WHEN 8 THEN 3                      -- revenue_then_clicks
    WHEN 12 THEN 7                     -- all_converting
    WHEN 16 THEN 0                     -- most_clicks
    ELSE 1000                          -- top_revenue
END;

-- Shared pools begin 29 places apart, which is less than the size of most, so that they overlap.
-- Steps of 157 through the inventory spread the ids of a pool; because 401 is prime, the steps reach
-- every banner.
CREATE MACRO banner_of(campaign_id, place) AS
    100 + CASE WHEN getvariable('own_banners') THEN 50 * (campaign_id - 1) + place
               ELSE (29 * (campaign_id - 1) + place) * 157 % getvariable('inventory') END;

-- Which banner belongs to which campaign, whether it has events or not.
CREATE VIEW banners_of_campaigns AS
WITH numbered AS (
    SELECT range AS campaign_id FROM range(1, getvariable('campaigns') + 1)
),
places AS (
    SELECT campaign_id, unnest(range(pool_size(campaign_id)::BIGINT)) AS place FROM numbered
)
SELECT campaign_id, banner_of(campaign_id, place) AS banner_id FROM places
ORDER BY campaign_id, banner_id;

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

-- One in twenty conversions is followed by a second one of the same click.
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
