-- What is wrong or missing in the run logs. Grain: one row per finding.
-- Reads: tries, activity, known_nodes, version_uses, edges, overruled.
with unknown as (
    select
        'info' as severity,
        'unknown_pipeline' as code,
        count(distinct run) || ' runs of ' || pipeline || ', which is not in the catalogue' as message,
        source as place,
        'add it under `pipelines`, with an owner' as hint
    from tries
    where not known
    group by source, pipeline
),

claimed as (
    select
        'warning' as severity,
        'contested_runs' as code,
        'several pipelines claim the runs of ' || pipeline || '; the first has them' as message,
        source as place,
        'make the `runs: match` of one of them narrower' as hint
    from tries
    where claimants > 1
    group by source, pipeline
),

named as (
    select source, target as name from activity
    union
    select source, consumer from activity
    where consumer is not null
),

strange as (
    select
        'warning' as severity,
        'unknown_name' as code,
        'activity names ' || name || ', which nothing is called, or more than one thing' as message,
        source as place,
        'write `kind:name`, for example `feature:' || name || '`, or add it to the catalogue' as hint
    from named
    where
        name not in (select node from known_nodes)
        and name not in (select name from known_nodes group by name having count(*) = 1)
),

-- What the newest version says of a model whose features the catalogue names.
newest as (
    select
        to_node,
        source,
        version,
        list(distinct from_node order by from_node) as features,
        string_agg(distinct substr(from_node, 9), ', ' order by substr(from_node, 9)) as names
    from version_uses
    where overruled
    group by to_node, source, version
    qualify
        row_number() over (
            partition by to_node
            order by max(seen) desc, source, try_cast(version as bigint) desc, version
        ) = 1
),

written as (
    select
        to_node,
        list(distinct from_node) as features,
        string_agg(distinct substr(from_node, strpos(from_node, ':') + 1), ', '
            order by substr(from_node, strpos(from_node, ':') + 1)) as names,
        min(read_from) as read_from
    from edges
    where kind = 'uses'
    group by to_node
),

differing as (
    select
        'info' as severity,
        'uses_differ' as code,
        'version ' || coalesce(n.version, '?') || ' of ' || n.to_node || ' was trained on ' || n.names
        || '; the catalogue says it uses ' || w.names as message,
        n.source as place,
        'the catalogue counts: correct ' || coalesce(w.read_from, 'its `uses`')
        || ', or take `uses` out to go by the run log' as hint
    from newest as n
    inner join written as w on n.to_node = w.to_node
    where len(list_filter(n.features, lambda one: not list_contains(w.features, one))) > 0
),

-- What parts wrote and the catalogue gives another name.
renamed as (
    select
        'info' as severity,
        'output_overruled' as code,
        pipeline_node || ' writes ' || string_agg(distinct target, ', ' order by target)
        || ', which nothing is called: what the catalogue says its parts make counts' as message,
        source as place,
        'to count what is written by its own name, add it to the catalogue' as hint
    from overruled
    where target not like 'table:%'
    group by source, pipeline_node
),

all_found as (
    select * from differing
    union all
    select * from renamed
    union all
    select * from unknown
    union all
    select * from claimed
    union all
    select * from strange
)

select
    severity,
    code,
    message,
    place,
    hint,
    null::varchar as billing_period,
    null::varchar as currency,
    null::decimal(38, 12) as billed,
    null::decimal(38, 12) as effective
from all_found
order by code, place, message
