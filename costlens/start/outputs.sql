-- costlens/start/outputs.sql
-- What runs made. Grain: one row per (month, pipeline, part, target).
-- Reads: read_outputs, the rows a pack makes. Takes: $source.
select
    $source as source,
    strftime(period_start, '%Y-%m') as period,
    pipeline,
    part,
    target,
    count(*) as lines
from read_outputs
group by all
