-- What somebody should look at, in one list: budgets, unusual days, what a unit costs by now.
-- Grain: one row per (kind, name, period). Reads: budget, unusual and unit_drift, each kept; catalogue.
-- Takes: $level, whose days are looked at beside those of the whole bill.
with owners as (
    select node, max_by(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    group by node
),

found as (
    select
        1 as place,
        'budget' as kind,
        name as node,
        period,
        case state when 'over' then spent else forecast end as amount,
        budget as expected,
        currency,
        case state
            when 'over' then 'spent more than the budget'
            else 'will be over the budget, if days go on as in the last four weeks'
        end as why
    from budget
    where state in ('over', 'will be over')
    union all
    select
        2,
        'anomaly',
        case when node = 'bill' then '(whole bill)' else node end,
        strftime(day, '%Y-%m-%d'),
        amount,
        expected,
        currency,
        case when change > 0 then 'far more' else 'far less' end || ' than a day of the four weeks before'
    from unusual
    where node = 'bill' or node like $level || ':%'
    union all
    select
        3,
        'unit cost',
        node,
        'last 28 days',
        amount,
        expected,
        currency,
        'a thousand ' || measure || ', against the four weeks before'
    from unit_drift
)

select
    f.kind,
    f.node as name,
    coalesce(o.owner, case when f.node like 'team:%' then substr(f.node, 6) end) as owner,
    f.period,
    f.amount,
    f.expected,
    (f.amount - f.expected)::decimal(38, 12) as change,
    ratio(f.amount - f.expected, f.expected) as change_share,
    f.currency,
    f.why
from found as f
left join owners as o on f.node = o.node
order by f.place, abs(f.amount - f.expected) desc, f.node, f.period, f.why
