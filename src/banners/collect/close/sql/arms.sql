-- The sums of the two arms of each comparison over slots, for each campaign and, as campaign 0, for
-- all campaigns together, from the totals of slots in `kept`.
WITH named AS (
    SELECT
        slot, campaign_id, ${kinds} AS kind, ${is_policy} AS is_policy,
        pages, net_conversions, net_revenue_micros
    -- Files of an older Banners have no pages.
    FROM (FROM kept UNION ALL BY NAME SELECT CAST(NULL AS BIGINT) AS pages WHERE false)
),
campaigns AS (
    SELECT
        slot, campaign_id, kind,
        coalesce(sum(pages) FILTER (is_policy), 0) AS pages,
        coalesce(sum(net_conversions) FILTER (is_policy), 0) AS conversions,
        coalesce(sum(net_revenue_micros) FILTER (is_policy), 0) AS revenue,
        coalesce(sum(pages) FILTER (NOT is_policy), 0) AS alternative_pages,
        coalesce(sum(net_conversions) FILTER (NOT is_policy), 0) AS alternative_conversions,
        coalesce(sum(net_revenue_micros) FILTER (NOT is_policy), 0) AS alternative_revenue
    FROM named
    GROUP BY slot, campaign_id, kind
    HAVING sum(pages) > 0
),
-- For the guard, without the slots in which the rule alone picked a campaign's lineups: there was no
-- holdout. This is decided by the slots of the same quarter before and after, never by the slot
-- itself: chance may have put all pages of a small campaign into the holdout, and without such slots
-- only its pages in the policy's arm would count. The groups of a trial are never the rule's alone.
counted AS (
    SELECT *
    FROM campaigns
    WINDOW beside AS (PARTITION BY campaign_id, kind, slot % 4 ORDER BY slot)
    QUALIFY kind = '${trial}' OR (
        coalesce(lag(pages) OVER beside, lead(pages) OVER beside, pages) > 0
        AND coalesce(lead(pages) OVER beside, lag(pages) OVER beside, pages) > 0
    )
),
arms AS (
    SELECT * FROM counted
    UNION ALL
    SELECT
        slot, 0, kind, sum(pages), sum(conversions), sum(revenue),
        sum(alternative_pages), sum(alternative_conversions), sum(alternative_revenue)
    FROM counted
    GROUP BY slot, kind
),
scaled AS (
    SELECT
        *,
        revenue * (1 + alternative_pages / pages) AS a,
        alternative_revenue * (1 + pages / alternative_pages) AS b
    FROM arms
    -- A slot without pages of both arms cannot be scaled.
    WHERE pages > 0 AND alternative_pages > 0
)
SELECT
    campaign_id, kind, count(*) AS slots, max(slot) AS last_slot,
    CAST(sum(pages) AS BIGINT) AS pages,
    CAST(sum(alternative_pages) AS BIGINT) AS alternative_pages,
    CAST(sum(revenue) AS BIGINT) AS revenue_micros,
    CAST(sum(alternative_revenue) AS BIGINT) AS alternative_revenue_micros,
    CAST(sum(conversions) AS BIGINT) AS conversions,
    CAST(sum(alternative_conversions) AS BIGINT) AS alternative_conversions,
    CAST(fsum(a) AS DOUBLE) AS a, CAST(fsum(b) AS DOUBLE) AS b,
    CAST(fsum(a * a) AS DOUBLE) AS aa, CAST(fsum(b * b) AS DOUBLE) AS bb,
    CAST(fsum(a * b) AS DOUBLE) AS ab
FROM scaled
GROUP BY campaign_id, kind
ORDER BY campaign_id, kind
