-- Each chosen line as a bundle that ends with it: what the steps make of it, less what they make of
-- the one before, is the line's own part. Grain: one row per chosen line; columns as bundles.
-- Reads: bundles, chosen_lines, wanted_lines.
select
    b.* exclude (bundle, billed, effective),
    c.billed_so_far as billed,
    c.effective_so_far as effective,
    b.bundle as whole_bundle,
    c.line_number,
    row_number() over (order by b.bundle, c.line_number) as bundle
from chosen_lines as c
inner join bundles as b on c.bundle = b.bundle
inner join wanted_lines as w on c.bundle = w.bundle and c.line_number = w.line_number
