-- Each budget against what was spent of it, and what its month, quarter or year will have cost.
-- Grain: one row per budget that holds on the first day of its period; those that are over first.
-- Reads: forecasts, kept; budgets, catalogue, rates. Takes: $month, within each period; $currency.
with asked as (
    select distinct per, period, starts, stops, next_day
    from forecasts
    where starts <= ($month || '-01')::date and stops > ($month || '-01')::date
),

owners as (
    select node, max_by(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    group by node
),

held as (
    select
        coalesce(b.node, 'bill') as node,
        a.per,
        a.period,
        a.starts,
        a.stops <= a.next_day as is_over,
        converted(units(b.amount) * r.rate) as budget,
        b.read_from
    from budgets as b
    inner join asked as a on b.per = a.per
    inner join rates as r on r.month = $month and b.currency = r.currency
    where
        (b.valid_from is null or b.valid_from <= a.starts)
        and (b.valid_to is null or b.valid_to > a.starts)
),

spent as (
    select
        h.*,
        o.owner,
        coalesce(f.so_far, 0)::decimal(38, 12) as so_far,
        -- What began before the first bill is not known whole.
        case
            when f.node is null then 0
            when f.is_known_whole then f.forecast
        end::decimal(38, 12) as forecast
    from held as h
    left join forecasts as f on h.node = f.node and h.per = f.per and h.period = f.period
    left join owners as o on h.node = o.node
)

select
    case when node = 'bill' then '(whole bill)' else node end as name,
    coalesce(owner, case when node like 'team:%' then substr(node, 6) end) as owner,
    period,
    budget,
    so_far as spent,
    ratio(so_far, budget) as spent_share,
    forecast,
    ratio(forecast, budget) as forecast_share,
    budget - forecast as remains,
    $currency as currency,
    case
        when so_far > budget then 'over'
        when forecast > budget then 'will be over'
        when forecast is null then 'unknown'
        when is_over then 'kept'
        else 'on course'
    end as state,
    read_from
from spent
order by
    list_position(['over', 'will be over', 'unknown', 'on course', 'kept'], state),
    ratio(coalesce(forecast, so_far), budget) desc nulls first,
    name,
    period,
    read_from
