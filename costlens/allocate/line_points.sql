-- Where each line's part lies on the running sum that its need-set is split by.
-- Grain: one row per (line, placement, level). Reads: line_cells; placements of the build.
-- Takes: $period.
with levels as (
    select 'feature' as level
    union all
    select 'model'
    union all
    select 'product'
),

reached as (
    select *
    from memory.main.placements as p
    where
        p.billing_period = $period
        and p.placement in (select placement from line_cells)
),

-- Only the sums that a wanted line is part of: a day's cost of one need-set, of one kind.
sums as (
    select distinct
        p.day,
        p.source,
        l.level,
        case l.level
            when 'feature' then p.feature_set
            when 'model' then p.model_set
            else p.product_set
        end as need_set,
        p.service,
        p.class,
        p.grade,
        p.currency
    from reached as p
    cross join levels as l
),

levelled as (
    select p.*, s.level, s.need_set
    from memory.main.placements as p
    inner join sums as s
        on
            p.day = s.day
            and p.source = s.source
            and p.service = s.service
            and p.class = s.class
            and p.grade = s.grade
            and p.currency = s.currency
            and s.need_set = case s.level
                when 'feature' then p.feature_set
                when 'model' then p.model_set
                else p.product_set
            end
    where p.billing_period = $period
    union all
    -- What nobody needs at a level is in no sum.
    select p.*, s.level, null
    from reached as p
    inner join sums as s
        on
            p.day = s.day
            and p.source = s.source
            and p.service = s.service
            and p.class = s.class
            and p.grade = s.grade
            and p.currency = s.currency
            and s.need_set is null
            and case s.level
                when 'feature' then p.feature_set
                when 'model' then p.model_set
                else p.product_set
            end is null
),

based as (
    select
        *,
        case
            when need_set is null then 0
            else sum(billed) over in_order - billed
        end as billed_base,
        case
            when need_set is null then 0
            else sum(effective) over in_order - effective
        end as effective_base
    from levelled
    window in_order as (
        partition by day, source, level, need_set, service, class, grade, currency
        order by placement
        rows unbounded preceding
    )
)

select
    c.x_load,
    c.x_line,
    c.placement,
    b.day,
    b.source,
    b.level,
    b.need_set,
    b.stage,
    b.run,
    b.service,
    b.class,
    b.tier,
    b.rule,
    b.grade,
    b.currency,
    b.hops,
    case
        when b.outcome = 'allocated' then '(no ' || b.level || ')'
        else '(' || b.outcome || ')'
    end as residual,
    (b.billed_base + c.billed_before)::decimal(38, 12) as billed_before,
    (b.billed_base + c.billed_after)::decimal(38, 12) as billed_after,
    (b.effective_base + c.effective_before)::decimal(38, 12) as effective_before,
    (b.effective_base + c.effective_after)::decimal(38, 12) as effective_after
from line_cells as c
inner join based as b on c.placement = b.placement
