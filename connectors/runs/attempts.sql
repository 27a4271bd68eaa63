-- connectors/runs/attempts.sql
-- Lines of runs as tries. Grain: one row per (pipeline, run_id, part, attempt), over all its lines.
-- Reads: source. Its state is the source's own word: the loader knows the words of most tools.
with lines as (
    select
        x_line,
        words(pipeline) as pipeline,
        words(run_id) as run,
        coalesce(words(part), 'run') as part,
        coalesce(whole(attempt), 1) as try,
        words(parent_run_id) as parent,
        words(status) as state,
        utc("start") as start,
        utc("end") as stop,
        utc(data_start) as data_start,
        utc(data_end) as data_stop,
        words(resource_id) as resource_id,
        words(instance_type) as instance_type,
        json(tags) as tags,
        quantity(slots) as slots,
        quantity(vcpu) as vcpu,
        quantity(memory_gb) as memory_gb,
        quantity(gpu) as gpu,
        quantity(instance_count) as machines,
        quantity(billable_seconds) as billable_s,
        quantity(cpu_seconds) as cpu_s,
        quantity(gpu_seconds) as gpu_s
    from source
),

tries as (
    select
        pipeline,
        run,
        part,
        try,
        min(x_line) as x_line,
        max(parent) as parent,
        max(state) as state,
        min(start) as start,
        max(stop) as stop,
        min(data_start) as data_start,
        max(data_stop) as data_stop,
        max(resource_id) as resource_id,
        nullif(
            json_merge_patch(
                coalesce(max(tags), '{}')::json, json_object('instance_type', max(instance_type))
            )::varchar,
            '{}'
        ) as tags,
        max(slots) as slots,
        max(vcpu) as vcpu,
        max(memory_gb) as memory_gb,
        max(gpu) as gpu,
        9 * coalesce(max(vcpu), 0) + coalesce(max(memory_gb), 0) + 90 * coalesce(max(gpu), 0)
            as weighed,
        coalesce(max(vcpu), max(memory_gb), max(gpu)) is not null as is_weighed,
        max(machines) as machines,
        max(billable_s) as billable_s,
        max(cpu_s) as cpu_s,
        max(gpu_s) as gpu_s
    from lines
    group by pipeline, run, part, try
),

sized as (
    select
        *,
        case
            when slots is not null then slots
            when is_weighed then weighed
            when machines is not null then machines
        end as own_size,
        case
            when slots is not null then 'slots'
            when is_weighed then 'weighted'
            when machines is not null then 'machines'
        end as own_unit
    from tries
)

select
    x_line,
    pipeline,
    run,
    part,
    try,
    parent,
    state,
    start,
    stop,
    data_start,
    data_stop,
    resource_id,
    case
        when own_size is not null then own_size
        when coalesce(billable_s, cpu_s, gpu_s) is not null then 1
    end as size,
    case
        when own_unit is not null then own_unit
        when billable_s is not null then 'machines'
        when coalesce(cpu_s, gpu_s) is not null then 'weighted'
    end as size_unit,
    case when is_weighed then vcpu else cpu_s end as vcpu,
    memory_gb,
    case when is_weighed then gpu else gpu_s end as gpu,
    case
        when billable_s is not null then billable_s
        when own_size is null and coalesce(cpu_s, gpu_s) is not null
            then 9 * coalesce(cpu_s, 0) + 90 * coalesce(gpu_s, 0)
        when own_unit = 'weighted' and vcpu > 0
            then (cpu_s::double / vcpu::double)::decimal(18, 6)
    end as busy_s,
    tags
from sized
