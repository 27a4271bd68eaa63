-- The lines of some bundles in key order, each with the sum up to and with it.
-- Grain: one row per billing line. Reads: matched_lines, bundles, chosen_bundles.
with keyed as (
    select b.bundle, b.currency, m.x_load, m.x_line, m.billed, m.effective
    from matched_lines as m
    inner join bundles as b
        on
            m.source = b.source
            and m.owner = b.owner
            and m.rule is not distinct from b.rule
            and m.reason is not distinct from b.reason
            and m.service = b.service
            and m.charge_class is not distinct from b.charge_class
            and m.currency = b.currency
            and m.span_start = b.span_start
            and m.span_stop = b.span_stop
            and m.unit is not distinct from b.unit
            and m.machine_details is not distinct from b.machine_details
            and m.tier is not distinct from b.tier
    where b.bundle in (select bundle from chosen_bundles)
)

select
    *,
    row_number() over in_order as line_number,
    (sum(billed) over in_order)::decimal(38, 12) as billed_so_far,
    (sum(effective) over in_order)::decimal(38, 12) as effective_so_far
from keyed
window in_order as (partition by bundle order by x_load, x_line rows unbounded preceding)
