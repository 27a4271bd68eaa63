-- The days of a period, and the stretch between changes of rules, edges and weights that each falls into.
-- Grain: one row per day. Reads: charges, rules, edges, weights, seen_uses. Takes: $period.
with bounds as (
    select
        min(ChargePeriodStart)::date as first_day,
        max(greatest(ChargePeriodStart, ChargePeriodEnd))::date as last_day
    from charges
    where billing_period = $period
),

days as (
    select unnest(generate_series(first_day, last_day, interval 1 day))::date as day
    from bounds
),

changes as (
    select valid_from as day from rules
    union
    select valid_to from rules
    union
    select valid_from from edges
    union
    select valid_to from edges
    union
    select valid_from from weights
    union
    select valid_to from weights
    union
    select valid_from from seen_uses
    union
    select valid_to from seen_uses
)

select d.day, coalesce(max(c.day), date '0001-01-01') as stretch
from days as d
left join changes as c on c.day <= d.day
group by d.day
