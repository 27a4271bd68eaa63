-- What each wanted line put into each placement. Grain: one row per (line, placement).
-- Reads: settled and pools made of prefixes, prefixes, whole_pools, chosen_lines; placements of the
-- build. Takes: $period.
with reached as (
    select
        f.whole_bundle,
        f.line_number,
        w.pool,
        s.stage,
        s.node,
        s.run,
        s.class,
        s.hops::varchar as hops,
        s.outcome,
        sum(s.billed) as billed,
        sum(s.effective) as effective
    from settled as s
    inner join pools as p on s.pool = p.pool
    inner join prefixes as f on p.bundle = f.bundle
    inner join whole_pools as w on f.whole_bundle = w.bundle and p.day = w.day
    group by all
),

placed as (
    select
        r.whole_bundle,
        r.line_number,
        p.placement,
        r.billed,
        r.effective
    from reached as r
    inner join memory.main.placements as p
        on
            p.billing_period = $period
            and r.pool = p.pool
            and r.stage = p.stage
            and r.node is not distinct from p.node
            and r.run is not distinct from p.run
            and r.class = p.class
            and r.hops = p.hops::varchar
),

stepped as (
    select
        *,
        coalesce(lag(billed) over in_order, 0)::decimal(38, 12) as billed_before,
        coalesce(lag(effective) over in_order, 0)::decimal(38, 12) as effective_before
    from placed
    window in_order as (partition by whole_bundle, placement order by line_number)
)

select
    c.x_load,
    c.x_line,
    c.bundle,
    c.line_number,
    s.placement,
    s.billed_before,
    s.billed as billed_after,
    s.effective_before,
    s.effective as effective_after
from stepped as s
inner join chosen_lines as c on s.whole_bundle = c.bundle and s.line_number = c.line_number
