-- connectors/sagemaker/control.sql
-- How many attempts, outputs and links the source holds. Grain: one row per table made and month.
-- Reads: training_jobs, processing_jobs, transform_jobs, tuning_jobs, pipeline_steps, endpoints,
-- endpoint_configs, feature_groups; for what is told of models: models_made, features_taken.
with jobs as (
    select TrainingJobArn as id, max(instant(TrainingStartTime)) as start
    from training_jobs
    group by TrainingJobArn
    union all
    select ProcessingJobArn, max(instant(ProcessingStartTime))
    from processing_jobs
    group by ProcessingJobArn
    union all
    select TransformJobArn, max(instant(TransformStartTime))
    from transform_jobs
    group by TransformJobArn
    union all
    select HyperParameterTuningJobArn, min(instant(CreationTime))
    from tuning_jobs
    group by HyperParameterTuningJobArn
    union all
    select FeatureGroupArn, min(instant(CreationTime))
    from feature_groups
    group by FeatureGroupArn
    union all
    select PipelineExecutionArn || '/' || StepName || '/' || coalesce(Iteration, ''), max(instant(StartTime))
    from pipeline_steps
    where PipelineExecutionArn is not null
    group by PipelineExecutionArn || '/' || StepName || '/' || coalesce(Iteration, '')
),

configured as (
    select
        EndpointConfigName as config,
        max(json_array_length(ProductionVariants))
        + coalesce(max(json_array_length(ShadowProductionVariants)), 0) as variants
    from endpoint_configs
    group by EndpointConfigName
),

states as (
    select
        EndpointArn as arn,
        instant(LastModifiedTime) as changed,
        min(instant(CreationTime)) over (partition by EndpointArn) as made,
        min(instant(LastModifiedTime)) over (partition by EndpointArn) as first_change,
        EndpointConfigName as config,
        coalesce(
            nullif(
                coalesce(json_array_length(ProductionVariants), 0)
                + coalesce(json_array_length(ShadowProductionVariants), 0),
                0
            ),
            c.variants,
            0
        ) as variants,
        EndpointConfigName
        || array_to_string(
            list_sort(
                list_transform(
                    list_concat(
                        coalesce(json_extract(ProductionVariants, '$[*]'), []),
                        coalesce(json_extract(ShadowProductionVariants, '$[*]'), [])
                    ),
                    lambda one: (one ->> '$.VariantName') || coalesce(
                        one ->> '$.CurrentInstanceCount',
                        one ->> '$.CurrentServerlessConfig.MaxConcurrency',
                        ''
                    )
                )
            ),
            ';'
        ) as looks
    from endpoints as e
    left join configured as c on e.EndpointConfigName = c.config
),

turned as (
    select
        *,
        looks is distinct from lag(looks) over (partition by arn order by changed) as turns
    from (select distinct * from states) as s
),

began as (
    select start, 1 as attempts
    from jobs
    where start is not null
    union all
    select case when changed = first_change then least(made, changed) else changed end, variants
    from turned
    where turns and variants > 0
),

features as (
    select
        instant(ProcessingStartTime) as start,
        ProcessingJobArn as arn,
        unnest(json_extract_string(Outputs, '$[*].FeatureStoreOutput.FeatureGroupName')) as feature
    from processing_jobs
    union all
    select instant(CreationTime), FeatureGroupArn, FeatureGroupName
    from feature_groups
)

select 'attempts' as makes, strftime(start, '%Y-%m') as period, sum(attempts)::bigint as rows
from began
group by strftime(start, '%Y-%m')
union all
select 'outputs' as makes, strftime(start, '%Y-%m') as period, count(*)::bigint as rows
from (
    select min(start) as start
    from models_made
    group by pipeline, run, part, model
    union all
    select max(start)
    from features
    where start is not null and feature is not null
    group by arn, feature
) as o
group by strftime(start, '%Y-%m')
union all
select 'links' as makes, strftime(seen, '%Y-%m') as period, count(*)::bigint as rows
from (
    select min(m.start) as seen
    from models_made as m
    inner join features_taken as t on m.arn = t.arn
    where m.kind = 'training' and m.state = 'Completed' and m.rung not in ('tuning', 'pipeline')
    group by m.model, t.feature, coalesce(m.version, m.run)
) as l
group by strftime(seen, '%Y-%m')
order by makes, period
