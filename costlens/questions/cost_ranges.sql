-- How well each number is known, and how far it may be off: low and high are the cost less and more what
-- better measuring moves, on average, of money of its grade. Grain: as `coverage`; unknown where a weak
-- grade has no band. Reads: coverage and guesses (measure_next), both kept.
with bands as (
    select
        currency,
        grade,
        -- In ten-thousandths.
        sum(units(cost) * (band_share * 10000)::hugeint) // sum(units(cost)) as band
    from guesses
    where band_share is not null and cost > 0
    group by currency, grade
),

weak as (
    select
        name,
        currency,
        unnest(['C', 'D', 'E']) as grade,
        unnest([modelled, declared, even]) as cost
    from coverage
    where name not like '(%'
),

reaches as (
    select
        w.name,
        w.currency,
        case
            when count(*) filter (w.cost <> 0 and b.band is null) = 0
                then amount(coalesce(sum(abs(units(w.cost)) * b.band // 10000), 0)::hugeint)
        end as reach
    from weak as w
    left join bands as b on w.currency = b.currency and w.grade = b.grade
    group by w.name, w.currency
)

select
    c.name,
    c.currency,
    c.cost,
    (c.cost - r.reach)::decimal(38, 12) as low,
    (c.cost + r.reach)::decimal(38, 12) as high,
    c.* exclude (name, currency, cost)
from coverage as c
left join reaches as r on c.name = r.name and c.currency = r.currency
order by c.currency, c.name like '(all %', c.name like '(%', c.cost desc, c.name
