-- How far each rule moves money and ranks from those of the build: Kendall's tau is
-- (agreeing - flipped) over all pairs. Grain: one row per (method, currency).
-- Reads: by_method, which is kept before.
with amounts as (
    unpivot (
        select
            name,
            currency,
            allocated as own,
            allocated,
            need_even,
            even,
            by_stand_alone,
            scrb,
            direct,
            reciprocal,
            step_down
        from by_method
    )
    on allocated, need_even, even, by_stand_alone, scrb, direct, reciprocal, step_down
    into name method value amount
),

moved as (
    select
        method,
        currency,
        ratio(
            (sum(abs(amount - own)) * 0.5::decimal(2, 1))::decimal(38, 12),
            sum(own)::decimal(38, 12)
        ) as moved_share
    from amounts
    group by all
),

signs as (
    select
        a.method,
        a.currency,
        sign(a.own - b.own) * sign(a.amount - b.amount) as agrees
    from amounts as a
    inner join amounts as b
        on a.method = b.method and a.currency = b.currency and a.name < b.name
),

counted as (
    select
        method,
        currency,
        count(*) filter (agrees > 0) as agreeing,
        count(*) filter (agrees < 0) as flipped,
        count(*) filter (agrees = 0) as tied
    from signs
    group by all
)

select
    m.method,
    m.currency,
    m.moved_share,
    coalesce(c.agreeing, 0) as agreeing,
    coalesce(c.flipped, 0) as flipped,
    coalesce(c.tied, 0) as tied,
    ((c.agreeing - c.flipped)::double / (c.agreeing + c.flipped + c.tied)::double)::decimal(9, 4)
        as kendall_tau
from moved as m
left join counted as c on m.method = c.method and m.currency = c.currency
order by m.currency, m.moved_share, m.method
