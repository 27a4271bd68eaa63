-- connectors/glue/attempts.sql
-- Runs of Glue jobs as tries. Grain: one row per run of a job and attempt.
-- Reads: job_runs, tags. A run is paid in DPU-seconds: as told, where capacity is flexible; else the
-- seconds it consumed resources by its DPUs.
with told as (
    select
        x_line,
        words(Id) as id,
        words(JobName) as job,
        words(JobArn) as arn,
        coalesce(whole(Attempt), 0) + 1 as try,
        words(JobRunState) as state,
        instant(StartedOn) as start,
        instant(CompletedOn) as stop,
        whole(ExecutionTime) as execution_s,
        quantity(DPUSeconds) as dpu_s,
        quantity(MaxCapacity) as capacity,
        quantity(AllocatedCapacity) as allocated,
        whole(NumberOfWorkers) as workers,
        words(WorkerType) as worker,
        words(ExecutionClass) as execution_class,
        words(TriggerName) as trigger,
        words(Workflow) as workflow,
        words(WorkflowRun) as workflow_run
    from job_runs
    where StartedOn is not null
),

-- A run that was told twice is what was said of it last.
runs as (
    select *
    from told
    qualify
        row_number() over (
            partition by id order by stop is not null desc, coalesce(execution_s, 0) desc, x_line desc
        ) = 1
),

sized as (
    select
        *,
        -- Workers are G.1X, R.2X, Z.2X, …: the number says how many DPUs one is; Standard is one.
        coalesce(
            capacity,
            workers * case
                when worker = 'G.025X' then 0.25
                when worker = 'Standard' then 1
                else try_cast(regexp_extract(worker, '^[A-Z]\.([0-9]+)X$', 1) as decimal(9, 2))
            end,
            allocated
        ) as dpus
    from runs
),

labels as (
    select
        ResourceArn as arn,
        to_json(map_from_entries(list({'k': key, 'v': value} order by key))) as labels
    from (
        select ResourceArn, x_key as key, max_by(x_value, x_line) as value
        from tags
        group by ResourceArn, x_key
    ) as t
    group by ResourceArn
)

select
    s.x_line,
    coalesce(case when s.workflow_run is not null then s.workflow end, s.job) as pipeline,
    coalesce(s.workflow_run, regexp_replace(s.id, '_attempt_[0-9]+$', '')) as run,
    case when s.workflow_run is not null then s.job else 'run' end as part,
    -- A workflow may run a job more than once.
    case
        when s.workflow_run is not null then nullif(
            dense_rank() over (
                partition by s.workflow_run, s.job order by regexp_replace(s.id, '_attempt_[0-9]+$', '')
            ) - 1,
            0
        )
    end as slice,
    s.try,
    s.state,
    s.start,
    s.stop,
    coalesce(s.arn, s.job) as resource_id,
    case when s.dpu_s is null and s.dpus * 1000 = trunc(s.dpus * 1000) then s.dpus else 1 end
        as size,
    'slots' as size_unit,
    case
        when s.stop is null then null  -- it still runs: nothing is billed to its end yet
        when s.dpu_s is not null then s.dpu_s
        when s.dpus * 1000 = trunc(s.dpus * 1000) then s.execution_s
        else s.execution_s * s.dpus
    end as busy_s,
    json_merge_patch(
        coalesce(l.labels, '{}')::json,
        json_object(
            'job_name', s.job,
            'run_id', s.id,
            'workflow', s.workflow,
            'trigger', s.trigger,
            'worker_type', s.worker,
            'execution_class', s.execution_class
        )
    )::varchar as tags
from sized as s
left join labels as l on s.arn = l.arn
