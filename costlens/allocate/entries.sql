-- What the ledger splits: the cost of all stages of one need-set, once per level.
-- Grain: one row per (day, source, level, set or residual, service, class, grade, currency, step).
-- Reads: stage_costs.
with levels as (
    select 'feature' as level
    union all
    select 'model'
    union all
    select 'product'
),

seen as (
    select
        s.billing_period,
        s.day,
        s.source,
        l.level,
        set_of(l.level, s.feature_set, s.model_set, s.product_set) as need_set,
        s.outcome,
        s.service,
        s.class,
        s.grade,
        s.currency,
        s.step,
        s.billed,
        s.effective
    from stage_costs as s
    cross join levels as l
),

summed as (
    select
        billing_period,
        day,
        source,
        level,
        need_set,
        case
            when need_set is not null then null
            when outcome = 'allocated' then '(no ' || level || ')'
            else '(' || outcome || ')'
        end as residual,
        service,
        class,
        grade,
        currency,
        step,
        sum(billed)::decimal(38, 12) as billed,
        sum(effective)::decimal(38, 12) as effective
    from seen
    group by all
)

select *, row_number() over () as entry
from summed
