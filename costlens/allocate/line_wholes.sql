-- What each line put into placements that are borne whole. Grain: one row per (line, placement).
-- Reads: line_cells, explain_parts; placements of the build. Takes: $period.
select
    c.x_load,
    c.x_line,
    $period as billing_period,
    e.day,
    e.source,
    e.placement,
    e.stage,
    e.run,
    e.service,
    e.class,
    e.tier,
    e.rule,
    told_hops(p.hops) as weights,
    null::varchar as need,
    e.grade,
    e.currency,
    c.billed_after - c.billed_before as billed,
    c.effective_after - c.effective_before as effective
from line_cells as c
inner join explain_parts as e on c.placement = e.placement and e.billing_period = $period
inner join memory.main.placements as p on c.placement = p.placement and p.billing_period = $period
