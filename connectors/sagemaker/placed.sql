-- connectors/sagemaker/placed.sql
-- Everything that ran, each with its pipeline, run and part: jobs, steps of pipelines, what endpoints
-- served from one configuration, feature groups. Grain: one row per attempt.
-- Reads: training_jobs, processing_jobs, transform_jobs, tuning_jobs, pipeline_steps, endpoints,
-- endpoint_configs, feature_groups, tags.
with told as (
    select
        x_line,
        'training' as kind,
        words(TrainingJobArn) as arn,
        words(TrainingJobName) as name,
        words(TrainingJobStatus) as status,
        instant(CreationTime) as made,
        instant(LastModifiedTime) as changed,
        instant(TrainingStartTime) as start,
        instant(TrainingEndTime) as stop,
        coalesce(
            whole(InstanceCount),
            list_sum(
                list_transform(
                    json_extract_string(InstanceGroups, '$[*].InstanceCount'),
                    lambda machines: machines::bigint
                )
            )
        )::bigint as machines,
        coalesce(
            words(InstanceType),
            array_to_string(
                list_sort(
                    list_distinct(json_extract_string(InstanceGroups, '$[*].InstanceType'))
                ),
                ';'
            )
        ) as machine,
        whole(BillableTimeInSeconds) as billable_s,
        words(TuningJobArn) as tuning_arn,
        words(ExperimentName) as experiment,
        words(TrialName) as trial,
        null::varchar as model_name
    from training_jobs
    union all
    select
        x_line,
        'processing',
        words(ProcessingJobArn),
        words(ProcessingJobName),
        words(ProcessingJobStatus),
        instant(CreationTime),
        instant(LastModifiedTime),
        instant(ProcessingStartTime),
        instant(ProcessingEndTime),
        whole(InstanceCount),
        words(InstanceType),
        null,
        null,
        words(ExperimentName),
        words(TrialName),
        null
    from processing_jobs
    union all
    select
        x_line,
        'transform',
        words(TransformJobArn),
        words(TransformJobName),
        words(TransformJobStatus),
        instant(CreationTime),
        null,
        instant(TransformStartTime),
        instant(TransformEndTime),
        whole(InstanceCount),
        words(InstanceType),
        null,
        null,
        words(ExperimentName),
        words(TrialName),
        words(ModelName)
    from transform_jobs
    union all
    -- A tuning job has no machine: the training jobs it starts do.
    select
        x_line,
        'tuning',
        words(HyperParameterTuningJobArn),
        words(HyperParameterTuningJobName),
        words(HyperParameterTuningJobStatus),
        instant(CreationTime),
        instant(LastModifiedTime),
        instant(CreationTime),
        instant(HyperParameterTuningEndTime),
        0,
        null,
        null,
        null,
        null,
        null,
        null
    from tuning_jobs
),

-- A job that was described twice is what was said of it last.
jobs as (
    select *
    from told
    qualify
        row_number() over (
            partition by arn order by coalesce(changed, stop, start, made) desc, x_line desc
        ) = 1
),

-- arn:aws:sagemaker:REGION:ACCOUNT:pipeline/NAME/execution/ID
steps_told as (
    select
        x_line,
        regexp_extract(PipelineExecutionArn, ':pipeline/([^/]+)/execution/([^/]+)$', 1) as pipeline,
        regexp_extract(PipelineExecutionArn, ':pipeline/([^/]+)/execution/([^/]+)$', 2)
            as execution,
        words(StepName) as step,
        whole(Iteration) as iteration,
        words(StepStatus) as status,
        words(CacheHitResult) is not null as is_cached,
        instant(StartTime) as start,
        instant(EndTime) as stop,
        words(JobArn) as job_arn
    from pipeline_steps
    where PipelineExecutionArn is not null
),

steps as (
    select *
    from steps_told
    qualify
        row_number() over (
            partition by pipeline, execution, step, iteration
            order by stop is not null desc, x_line desc
        ) = 1
),

executions as (
    select execution, min(pipeline) as pipeline
    from steps
    group by execution
),

-- A pipeline names its jobs pipelines-EXECUTION-STEP-TOKEN, or PREFIX-EXECUTION-TOKEN-NUMBER: a step
-- that was tried again names only its last job.
named as (
    select
        *,
        nullif(regexp_extract(tuning_arn, '[^/]+$'), '') as tuning,
        regexp_extract(name, '^pipelines-([a-z0-9]{12})-(.+)-[A-Za-z0-9]{10}$', 1) as by_name,
        regexp_extract(name, '^pipelines-([a-z0-9]{12})-(.+)-[A-Za-z0-9]{10}$', 2) as step_name,
        regexp_extract(name, '^(.+)-([a-z0-9]{12})-[A-Za-z0-9]+-[0-9]+$', 2) as by_prefix,
        -- The SDK's names end in a time, or in a number and four letters.
        coalesce(
            nullif(
                regexp_replace(
                    coalesce(tuning, name),
                    '-([0-9]{4}(-[0-9]{2}){5}(-[0-9]{3})?|[0-9]{6}-[0-9]{4}|[0-9]{10}-[0-9a-f]{4})$',
                    ''
                ),
                ''
            ),
            name
        ) as family
    from jobs
),

own_steps as (
    select
        n.arn,
        coalesce(s.pipeline, e.pipeline, p.pipeline) as pipeline,
        coalesce(s.execution, e.execution, p.execution) as execution,
        coalesce(s.step, nullif(n.step_name, '')) as step
    from named as n
    left join steps as s on n.arn = s.job_arn and not s.is_cached
    left join executions as e on n.by_name = e.execution
    left join executions as p on n.by_prefix = p.execution
    qualify row_number() over (partition by n.arn order by s.start, s.execution) = 1
),

-- A training job that a tuning job started is where that is.
homes as (
    select
        n.* exclude (by_name, step_name, by_prefix, family),
        coalesce(o.pipeline, t.pipeline) as of_pipeline,
        coalesce(o.execution, t.execution) as execution,
        coalesce(o.step, t.step) as step,
        coalesce(nullif(n.step_name, ''), n.family) as family
    from named as n
    inner join own_steps as o on n.arn = o.arn
    left join own_steps as t on n.tuning_arn = t.arn
),

placed_jobs as (
    select
        x_line,
        kind,
        arn,
        coalesce(
            of_pipeline,
            case when execution is null and contains(name, trial) then experiment end,
            family
        ) as pipeline,
        name as run,
        coalesce(step, kind) as part,
        null::integer as slice,
        coalesce(tuning, execution) as parent,
        status as state,
        start,
        stop,
        arn as resource_id,
        machines as size,
        'machines' as size_unit,
        billable_s as busy_s,
        tuning_arn,
        execution,
        model_name,
        null::varchar as feature_group,
        machine,
        name as job_name
    from homes
    where start is not null
),

-- A step holds no machine itself: its job does.
placed_steps as (
    select
        x_line,
        'step' as kind,
        null::varchar as arn,
        pipeline,
        execution as run,
        step as part,
        iteration::integer as slice,
        null::varchar as parent,
        case
            when is_cached then 'cached'
            when status = 'Executing' then 'running'
            else status
        end as state,
        start,
        stop,
        null::varchar as resource_id,
        0 as size,
        'machines' as size_unit,
        null::bigint as busy_s,
        null::varchar as tuning_arn,
        execution,
        null::varchar as model_name,
        null::varchar as feature_group,
        null::varchar as machine,
        null::varchar as job_name
    from steps
    where start is not null
),

-- What an endpoint was each time it was described: grain, a variant of it.
configured as (
    select EndpointConfigName as config, max_by(variants, x_line) as variants
    from (
        select
            x_line,
            EndpointConfigName,
            list_concat(
                json_extract(ProductionVariants, '$[*]'),
                coalesce(json_extract(ShadowProductionVariants, '$[*]'), [])
            ) as variants
        from endpoint_configs
    ) as c
    group by EndpointConfigName
),

endpoints_told as (
    select
        e.x_line,
        e.EndpointArn as arn,
        e.EndpointName as name,
        e.EndpointConfigName as config,
        instant(e.CreationTime) as made,
        instant(e.LastModifiedTime) as changed,
        list_concat(
            coalesce(json_extract(e.ProductionVariants, '$[*]'), []),
            coalesce(json_extract(e.ShadowProductionVariants, '$[*]'), [])
        ) as running,
        c.variants
    from endpoints as e
    left join configured as c on e.EndpointConfigName = c.config
),

seen as (
    select *
    from endpoints_told
    qualify row_number() over (partition by arn, changed order by x_line desc) = 1
),

sizes as (
    select
        *,
        list_sort(
            list_transform(
                case when len(running) > 0 then running else coalesce(variants, []) end,
                lambda one: {
                    'variant': one ->> '$.VariantName',
                    'machines': greatest(
                        coalesce(
                            (one ->> '$.CurrentInstanceCount')::bigint,
                            (one ->> '$.InitialInstanceCount')::bigint,
                            (one ->> '$.CurrentServerlessConfig.MaxConcurrency')::bigint,
                            (one ->> '$.ServerlessConfig.MaxConcurrency')::bigint,
                            1
                        ),
                        1
                    )
                }
            )
        ) as sizes
    from seen
),

-- Stretches in which an endpoint was the same.
turns as (
    select
        *,
        lag((config, sizes)) over (partition by arn order by changed)
            is distinct from (config, sizes) as turns
    from sizes
),

stretches as (
    select
        *,
        case when row_number() over in_order = 1 then least(made, changed) else changed end
            as start,
        lead(changed) over in_order as stop
    from turns
    where turns
    window in_order as (partition by arn order by changed)
),

served as (
    select
        s.* exclude (sizes),
        row_number() over (partition by s.arn, s.config order by s.changed) - 1 as again,
        unnest(s.sizes, recursive := true)
    from stretches as s
),

placed_endpoints as (
    select
        s.x_line,
        'endpoint' as kind,
        s.arn,
        s.name as pipeline,
        coalesce(s.config, s.name) as run,
        s.variant as part,
        nullif(s.again, 0)::integer as slice,
        null::varchar as parent,
        case when s.stop is null then 'running' else 'succeeded' end as state,
        s.start,
        s.stop,
        s.arn as resource_id,
        s.machines as size,
        'slots' as size_unit,
        null::bigint as busy_s,
        null::varchar as tuning_arn,
        null::varchar as execution,
        list_filter(
            s.variants, lambda one: one ->> '$.VariantName' = s.variant
        )[1] ->> '$.ModelName' as model_name,
        null::varchar as feature_group,
        list_filter(
            s.variants, lambda one: one ->> '$.VariantName' = s.variant
        )[1] ->> '$.InstanceType' as machine,
        null::varchar as job_name
    from served as s
),

placed_groups as (
    select
        x_line,
        'feature_group' as kind,
        FeatureGroupArn as arn,
        FeatureGroupName as pipeline,
        FeatureGroupName as run,
        'store' as part,
        null::integer as slice,
        null::varchar as parent,
        'running' as state,
        instant(CreationTime) as start,
        null::timestamp as stop,
        FeatureGroupArn as resource_id,
        1 as size,
        'slots' as size_unit,
        null::bigint as busy_s,
        null::varchar as tuning_arn,
        null::varchar as execution,
        null::varchar as model_name,
        FeatureGroupName as feature_group,
        null::varchar as machine,
        null::varchar as job_name
    from feature_groups
    qualify row_number() over (partition by FeatureGroupArn order by x_line desc) = 1
),

placed as (
    select * from placed_jobs
    union all
    select * from placed_steps
    union all
    select * from placed_endpoints
    union all
    select * from placed_groups
),

last_tags as (
    select ResourceArn as arn, Key as key, max_by(Value, x_line) as value
    from tags
    where Key is not null
    group by ResourceArn, Key
),

labels as (
    select arn, to_json(map_from_entries(list({'k': key, 'v': value} order by key))) as labels
    from last_tags
    group by arn
)

select
    p.*,
    json_merge_patch(
        coalesce(l.labels, '{}')::json,
        json_object(
            'job_type', p.kind,
            'job_name', p.job_name,
            'execution', p.execution,
            'instance_type', p.machine
        )
    )::varchar as tags
from placed as p
left join labels as l on p.arn = l.arn
