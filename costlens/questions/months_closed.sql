-- The billing months and whether they are closed. Grain: one row per month. `held` counts the deliveries
-- that came for a closed month since, and do not count. Reads: loads, closings.
with bills as (
    select
        period as month,
        min(first_day) filter (superseded_by is null) as first_day,
        max(last_day) filter (superseded_by is null) as last_day,
        count(distinct load) filter (superseded_by = '(held)') as held
    from loads
    where makes = 'charges'
    group by period
),

closed as (
    select * from closings where reopened_at is null
),

-- A month that was reopened, and is not closed again.
reopened as (
    select month, max(reopened_at) as reopened_at
    from closings
    where month not in (select month from closed)
    group by month
)

select
    b.month,
    case
        when c.month is not null then 'closed' when r.month is not null then 'reopened' else 'open'
    end as state,
    b.first_day,
    b.last_day,
    b.last_day >= last_day((b.month || '-01')::date) as complete,
    c.closed_at,
    c.closed_by,
    c.build,
    list_aggregate(
        list_transform(
            from_json(c.rates, '["JSON"]'),
            lambda one: (one ->> 'from') || ' to ' || (one ->> 'to') || ' ' || (one ->> 'rate')
        ),
        'string_agg',
        ', '
    ) as rates,
    b.held
from bills as b
left join closed as c on b.month = c.month
left join reopened as r on b.month = r.month
where b.last_day is not null or c.month is not null
order by b.month
