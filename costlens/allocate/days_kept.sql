-- The days that lines of a period start on, and the stretch of each, as `rule_days` has them.
-- Grain: one row per day. Reads: charges; matches of the build. Takes: $period.
with bounds as (
    select min(ChargePeriodStart)::date as first_day, max(ChargePeriodStart)::date as last_day
    from charges
    where billing_period = $period
),

days as (
    select unnest(generate_series(first_day, last_day, interval 1 day))::date as day
    from bounds
)

select d.day, max(m.stretch) as stretch
from days as d
inner join (
    select distinct stretch from memory.main.matches where billing_period = $period
) as m on m.stretch <= d.day
group by d.day
