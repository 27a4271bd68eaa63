-- connectors/emr_serverless/attempts.sql
-- Job runs of EMR Serverless as tries. Grain: one row per (job run, attempt).
-- Reads: job_runs, applications. Busy seconds weigh what was billed: 9 a vCPU, 1 a GB of memory.
with told as (
    select
        x_line,
        words(applicationId) as application,
        words(jobRunId) as id,
        words(arn) as arn,
        words(name) as name,
        words(state) as state,
        coalesce(whole(attempt), 1) as try,
        instant(createdAt) as made,
        instant(startedAt) as started,
        instant(endedAt) as stop,
        quantity(VcpuHours) as vcpu_h,
        quantity(MemoryHours) as memory_h,
        json(tags) as tags
    from job_runs
),

-- An attempt that was told twice is what was said of it last. One that was billed and does not say when
-- it began, began when it was made; any other one without a start never ran.
runs as (
    select
        *,
        coalesce(started, case when vcpu_h > 0 then made end) as start
    from told
    qualify
        row_number() over (partition by id, try order by stop is not null desc, x_line desc) = 1
),

names as (
    select coalesce(ApplicationId, regexp_extract(arn, '[^/]+$')) as application, max(name) as name
    from applications
    group by all
)

select
    r.x_line,
    coalesce(r.name, n.name, r.application) as pipeline,
    r.id as run,
    'run' as part,
    r.try::integer as try,
    case when lower(r.state) = 'cancelling' then 'running' else r.state end as state,
    r.start,
    r.stop,
    regexp_replace(r.arn, '/jobruns/.*$', '') as resource_id,
    1 as size,
    'weighted' as size_unit,
    r.vcpu_h as vcpu,
    r.memory_h as memory_gb,
    case
        when r.stop is not null and coalesce(r.vcpu_h, r.memory_h) is not null
            then 3600 * (9 * coalesce(r.vcpu_h, 0) + coalesce(r.memory_h, 0))
    end as busy_s,
    json_merge_patch(
        coalesce(r.tags, '{}')::json,
        json_object(
            'job_name', r.name,
            'job_run_id', r.id,
            'application', coalesce(n.name, r.application),
            'application_id', r.application
        )
    )::varchar as tags
from runs as r
left join names as n on r.application = n.application
where r.start is not null
