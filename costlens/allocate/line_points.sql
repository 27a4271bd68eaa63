-- Where each line's part lies on the running sum that its need-set is split by.
-- Grain: one row per (line, placement, level). Reads: line_cells, line_bases; placements of the build.
-- Takes: $period; $level, null for all of them.
with levels as (
    select unnest(['feature', 'model', 'product']) as level
),

reached as (
    select
        p.*,
        l.level,
        set_of(l.level, p.feature_set, p.model_set, p.product_set) as need_set
    from memory.main.placements as p
    cross join levels as l
    where
        p.billing_period = $period
        and p.placement in (select placement from line_cells)
        and ($level::varchar is null or l.level = $level)
)

select
    c.x_load,
    c.x_line,
    c.placement,
    r.pool,
    r.day,
    r.source,
    r.level,
    r.need_set,
    r.stage,
    r.run,
    r.service,
    r.class,
    r.tier,
    r.rule,
    r.grade,
    r.currency,
    r.hops,
    case
        when r.outcome = 'allocated' then '(no ' || r.level || ')'
        else '(' || r.outcome || ')'
    end as residual,
    -- What nobody needs at a level is in no sum.
    (coalesce(b.billed_base, 0) + c.billed_before)::decimal(38, 12) as billed_before,
    (coalesce(b.billed_base, 0) + c.billed_after)::decimal(38, 12) as billed_after,
    (coalesce(b.effective_base, 0) + c.effective_before)::decimal(38, 12) as effective_before,
    (coalesce(b.effective_base, 0) + c.effective_after)::decimal(38, 12) as effective_after
from line_cells as c
inner join reached as r on c.placement = r.placement
left join line_bases as b on r.placement = b.placement and r.level = b.level
