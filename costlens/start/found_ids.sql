-- costlens/start/found_ids.sql
-- The kinds of charges whose resource id a run log names, as the engine would match them.
-- Grain: one row per (kind, id). Reads: kinds, seen_attempts.
with ids as (
    select
        resource_id,
        sum(lines) as tries,
        count(distinct pipeline) = 1 and min(first_run) = max(last_run) as of_one_run,
        count(distinct pipeline) as pipelines,
        min(pipeline) as pipeline
    from seen_attempts
    where resource_id is not null
    group by resource_id
)

select
    k.kind,
    i.resource_id as id,
    i.tries,
    i.of_one_run,
    i.pipelines,
    i.pipeline,
    k.resource_id,
    k.cost,
    k.currency
from kinds as k
inner join ids as i on lower(k.resource_id) = i.resource_id or k.id = i.resource_id
