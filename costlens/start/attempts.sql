-- costlens/start/attempts.sql
-- What ran. Grain: one row per (month, pipeline, part, resource, team).
-- Reads: read_attempts, the rows a pack makes. Takes: $source.
select
    $source as source,
    strftime(period_start, '%Y-%m') as period,
    pipeline,
    part,
    lower(resource_id) as resource_id,
    lower(tags)::json ->> 'team' as team,
    count(*) as lines,
    min(run) as first_run,
    max(run) as last_run
from read_attempts
group by all
