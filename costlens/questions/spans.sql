-- The months, quarters and years of the calendar, from the first that is billed to the end of the year
-- after the newest. Grain: one row per (per, period). Reads: stage_costs.
with bounds as (
    select
        date_trunc('year', min(billing_period || '-01')::date)::date as first_day,
        (date_trunc('year', max(billing_period || '-01')::date) + interval 2 year)::date as after
    from stage_costs
),

steps as (
    select 'month' as per, interval 1 month as step
    union all
    select 'quarter', interval 3 month
    union all
    select 'year', interval 1 year
)

select
    s.per,
    case s.per
        when 'month' then strftime(d.starts, '%Y-%m')
        when 'quarter' then strftime(d.starts, '%Y-Q') || quarter(d.starts)
        else strftime(d.starts, '%Y')
    end as period,
    d.starts::date as starts,
    (d.starts + s.step)::date as stops
from bounds as b
cross join steps as s
cross join lateral (
    select unnest(generate_series(b.first_day::timestamp, b.after - interval 1 day, s.step)) as starts
) as d
