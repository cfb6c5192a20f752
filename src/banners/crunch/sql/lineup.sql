-- The rule (docs/rule.md): rank the candidates of a campaign by revenue, clicks and banner id; the
-- lineup is the first `slots` of those with a click. `position` is the place in the lineup;
-- `other` marks the candidates that a lineup which falls short may be filled up from.
WITH counted AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY campaign_id
            ORDER BY revenue_micros DESC, clicks DESC, banner_id
        ) AS place,
        count(CASE WHEN revenue_micros > 0 THEN 1 END)
            OVER (PARTITION BY campaign_id) AS converting,
        count(CASE WHEN clicks > 0 THEN 1 END)
            OVER (PARTITION BY campaign_id) AS clicked
    FROM performance
),
ruled AS (
    SELECT
        *,
        least(${most_slots}, greatest(${least_shown}, converting)) AS slots,
        CASE
            WHEN converting >= ${most_slots} THEN '${top_revenue}'
            WHEN converting >= ${least_shown} THEN '${all_converting}'
            WHEN converting >= 1 THEN '${revenue_then_clicks}'
            ELSE '${most_clicks}'
        END AS rule
    FROM counted
)
SELECT
    campaign_id,
    banner_id,
    impressions,
    clicks,
    conversions,
    revenue_micros,
    CAST(CASE WHEN place <= slots AND clicks > 0 THEN place END AS INTEGER) AS position,
    clicked < ${least_shown} AND clicks = 0 AND place <= clicked + ${most_others} AS other,
    rule,
    CAST(converting AS INTEGER) AS converting,
    CAST(slots AS INTEGER) AS slots
FROM ruled
ORDER BY campaign_id, place
