-- What one thing was declared to bring in, and what did, claim by claim and month by month.
-- Grain: one row per (claim, month); amounts add up to its benefit: what rounding each once leaves of that is
-- the row `(rounding)`. Reads: benefits, which is kept before; claims, rates. Takes: $target; $currency, of all.
with summed as (
    select
        b.claim,
        b.month,
        b.figure,
        sum(b.value * r.rate) as value
    from benefits as b
    inner join rates as r on b.month = r.month and b.currency = r.currency
    where b.name = $target and b.value is not null
    group by all
),

figures as (
    select claim, month, figure, converted(value) as amount
    from summed
    union all
    select '(rounding)', null, figure, converted(sum(value)) - sum(converted(value))
    from summed
    group by figure
    having converted(sum(value)) <> sum(converted(value))
),

wide as (
    select
        claim,
        month,
        max(amount) filter (figure = 'low') as low,
        max(amount) filter (figure = 'likely') as likely,
        max(amount) filter (figure = 'high') as high,
        max(amount) filter (figure = 'evidenced') as evidenced,
        max(amount) filter (figure = 'realised') as realised
    from figures
    group by claim, month
)

select
    coalesce(c.name, w.claim) as claim,
    w.month,
    w.low,
    w.likely,
    w.high,
    w.evidenced,
    w.realised,
    $currency as currency,
    c.evidence,
    c.read_from
from wide as w
left join claims as c on w.claim = c.claim and c.side = 'benefit'
order by w.claim = '(rounding)', claim, w.month
