-- What stands before each placement of a line in the sum that its need-set is split by: a day's cost of
-- one set, of one kind. Grain: one row per (placement, level). Reads: line_cells; placements of the build.
-- Takes: $period.
with reached as materialized (
    select day, source, service, class, grade, currency, feature_set, model_set, product_set
    from memory.main.placements
    where billing_period = $period and placement in (select placement from line_cells)
),

sums as materialized (
    select distinct 'feature' as level, feature_set as need_set, day, source, service, class, grade, currency
    from reached
    where feature_set is not null
    union all
    select distinct 'model', model_set, day, source, service, class, grade, currency
    from reached
    where model_set is not null
    union all
    select distinct 'product', product_set, day, source, service, class, grade, currency
    from reached
    where product_set is not null
),

-- Of many placements few columns are read, and the amounts of those that count.
near as materialized (
    select placement, day, source, service, class, grade, currency, feature_set, model_set, product_set
    from memory.main.placements
    semi join sums using (day, source, service, class, grade, currency)
    where billing_period = $period
),

levelled as materialized (
    select s.*, n.placement
    from near as n
    inner join sums as s
        on
            s.level = 'feature'
            and n.day = s.day
            and n.source = s.source
            and n.service = s.service
            and n.class = s.class
            and n.grade = s.grade
            and n.currency = s.currency
            and n.feature_set = s.need_set
    union all
    select s.*, n.placement
    from near as n
    inner join sums as s
        on
            s.level = 'model'
            and n.day = s.day
            and n.source = s.source
            and n.service = s.service
            and n.class = s.class
            and n.grade = s.grade
            and n.currency = s.currency
            and n.model_set = s.need_set
    union all
    select s.*, n.placement
    from near as n
    inner join sums as s
        on
            s.level = 'product'
            and n.day = s.day
            and n.source = s.source
            and n.service = s.service
            and n.class = s.class
            and n.grade = s.grade
            and n.currency = s.currency
            and n.product_set = s.need_set
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
        order by l.placement
        rows unbounded preceding
    )
)

select *
from based
where placement in (select placement from line_cells)
