-- What stands before each placement of a line in the sum that its need-set is split by: a day's cost of
-- one set, of one kind. Grain: one row per (placement, level). Reads: line_cells; placements of the build.
-- Takes: $period.
with sums as materialized (
    select distinct
        unnest(['feature', 'model', 'product']) as level,
        unnest([feature_set, model_set, product_set]) as need_set,
        day,
        source,
        service,
        class,
        grade,
        currency
    from memory.main.placements
    where billing_period = $period and placement in (select placement from line_cells)
),

-- Of many placements few columns are read, and the amounts of those that count.
near as materialized (
    select
        placement,
        stage,
        unnest(['feature', 'model', 'product']) as level,
        unnest([feature_set, model_set, product_set]) as need_set,
        day,
        source,
        service,
        class,
        grade,
        currency
    from memory.main.placements
    semi join sums using (day, source, service, class, grade, currency)
    where billing_period = $period
),

levelled as materialized (
    select *
    from near
    semi join sums using (level, need_set, day, source, service, class, grade, currency)
),

amounts as materialized (
    select placement, billed, effective
    from memory.main.placements
    where billing_period = $period and placement in (select placement from levelled)
),

based as (
    select
        l.placement,
        l.level,
        sum(a.billed) over in_order - a.billed as billed_base,
        sum(a.effective) over in_order - a.effective as effective_base
    from levelled as l
    inner join amounts as a on l.placement = a.placement
    window in_order as (
        partition by l.day, l.source, l.level, l.need_set, l.service, l.class, l.grade, l.currency
        order by l.stage, l.placement
        rows unbounded preceding
    )
)

select *
from based
where placement in (select placement from line_cells)
