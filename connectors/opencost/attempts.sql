-- connectors/opencost/attempts.sql
-- What pods had of nodes, as weights. Grain: one row per (cluster, allocation, start),
-- which is a run of its own: a pod has more of a node in one hour than in the next.
-- Reads: allocations. The prices in it are list prices and are not read: the bill has the cost.
with pods as (
    select
        x_line,
        x_key as name,
        utc("start") as start,
        utc("end") as stop,
        json(properties) as p,
        quantity(cpuCoreHours) as core_hours,
        (coalesce(quantity(ramByteHours), 0) / 1073741824::double)::decimal(18, 9)
            as gigabyte_hours,
        coalesce(quantity(gpuHours), 0) as gpu_hours
    from allocations
    where not regexp_matches(x_key, '(^|/)__(idle|unallocated|unmounted)__$')
),

told as (
    select
        *,
        p ->> '$.cluster' as cluster,
        p ->> '$.namespace' as namespace,
        p ->> '$.controller' as controller,
        p ->> '$.pod' as pod,
        p ->> '$.container' as container,
        p ->> '$.node' as node,
        p ->> '$.providerID' as provider_id,
        json_extract(p, '$.labels') as labels
    from pods
    -- The same hour may stand in two answers.
    qualify
        row_number() over (
            partition by p ->> '$.cluster', name, "start"
            order by stop desc, x_line
        ) = 1
)

select
    x_line,
    coalesce(namespace || '/', '') || coalesce(controller, pod, name) as pipeline,
    coalesce(pod, name) || strftime("start", ' %Y-%m-%dT%H:%M:%SZ') as run,
    coalesce(container, 'run') as part,
    1 as try,
    null::varchar as state,
    start,
    stop,
    -- aws:///eu-west-1a/i-0fe8 is i-0fe8 on the bill.
    nullif(regexp_extract(provider_id, '[^/]*$'), '') as resource_id,
    1 as size,
    'weighted' as size_unit,
    core_hours as vcpu,
    gigabyte_hours as memory_gb,
    gpu_hours as gpu,
    (3600 * (9 * core_hours + gigabyte_hours + 90 * gpu_hours))::decimal(18, 6) as busy_s,
    json_merge_patch(
        coalesce(labels, '{}'::json),
        json_object(
            'cluster', cluster,
            'node', node,
            'namespace', namespace,
            'controller', controller,
            'controller_kind', p ->> '$.controllerKind',
            'pod', pod,
            'container', container
        )
    )::varchar as tags
from told
where stop > start
