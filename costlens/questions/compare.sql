-- What each target costs in two builds, and what made the difference: each cause's part is what its
-- exchange alone changed, after those before it. The parts add up to the difference.
-- Grain: one row per (name, currency). Reads: states, rates_before, rates_after.
with months as (
    select
        coalesce(b.month, a.month) as month,
        coalesce(b.currency, a.currency) as currency,
        coalesce(b.to_currency, a.to_currency) as to_currency,
        coalesce(b.rate, a.rate) as rate_before,
        coalesce(a.rate, b.rate) as rate_after
    from rates_before as b
    full join rates_after as a on b.month = a.month and b.currency = a.currency
),

figures as (
    select
        s.target as name,
        m.to_currency as currency,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'before'), 0)) as before,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'engine'), 0)) as engine,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'bill'), 0)) as bill,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'runs'), 0)) as runs,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'rules'), 0)) as rules,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'catalogue'), 0))
            as catalogue,
        converted(coalesce(sum(s.value * m.rate_before) filter (s.state = 'after'), 0)) as same_rate,
        converted(coalesce(sum(s.value * m.rate_after) filter (s.state = 'after'), 0)) as after
    from states as s
    inner join months as m on s.month = m.month and s.currency = m.currency
    group by all
)

select
    name,
    currency,
    before,
    bill - engine as bill,
    runs - bill as runs,
    rules - runs as rules,
    catalogue - rules as catalogue,
    after - same_rate as rates,
    engine - before + same_rate - catalogue as engine,
    after,
    after - before as change
from figures
order by currency, name like '(%', abs(after - before) desc, name
