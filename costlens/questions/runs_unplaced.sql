-- costlens/questions/runs_unplaced.sql
-- Runs of pipelines that the catalogue does not name, the longest first.
-- Grain: one row per (source, pipeline). Reads: tries.
select
    source,
    pipeline,
    count(distinct run) as runs,
    sum(epoch_us(greatest(coalesce(stop, until), start)) - epoch_us(start))::hugeint // 1000000
        as seconds
from tries
where not known
group by source, pipeline
order by seconds desc, runs desc, source, pipeline
