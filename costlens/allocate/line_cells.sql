-- What each wanted line put into each placement. Grain: one row per (line, placement).
-- Reads: resplit, wanted_lines, chosen_lines.
with stepped as (
    select
        *,
        coalesce(lag(billed) over in_order, 0)::decimal(38, 12) as billed_before,
        coalesce(lag(effective) over in_order, 0)::decimal(38, 12) as effective_before
    from resplit
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
inner join wanted_lines as w on s.whole_bundle = w.bundle and s.line_number = w.line_number
inner join chosen_lines as c on s.whole_bundle = c.bundle and s.line_number = c.line_number
where w.is_told
