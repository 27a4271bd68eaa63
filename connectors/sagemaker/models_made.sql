-- connectors/sagemaker/models_made.sql
-- Which model each attempt is for. A registered model goes by its group, one that is not registered by
-- the name of the SageMaker model, without the time at its end. `rung` says by what: own (what came
-- from it, or what it serves), tuning (what came from another job of the same tuning), execution or
-- pipeline (where one model alone came from there). Grain: one row per (pipeline, run, part, model).
-- Reads: placed, training_jobs, processing_jobs, model_packages, models.
with packages as (
    select
        ModelPackageArn as arn,
        max_by(coalesce(words(ModelPackageGroupName), words(ModelPackageName)), x_line) as model,
        max_by(ModelPackageVersion, x_line) as version,
        max_by(GeneratedBy, x_line) as generated_by,
        max_by(SourceUri, x_line) as source,
        max_by(
            list_concat(
                coalesce(json_extract_string(Containers, '$[*].ModelDataUrl'), []),
                coalesce(
                    json_extract_string(Containers, '$[*].ModelDataSource.S3DataSource.S3Uri'), []
                )
            ),
            x_line
        ) as urls
    from model_packages
    group by ModelPackageArn
),

package_urls as (
    select url, min(model) as model, max_by(version, whole(version)) as version
    from (
        select model, version, rtrim(unnest(list_append(urls, source)), '/') as url
        from packages
    ) as u
    where url <> ''
    group by url
),

-- The containers of each SageMaker model: its one, or several.
containers as (
    select
        ModelName as name,
        unnest(
            list_concat(
                case when PrimaryContainer is null then [] else [PrimaryContainer::json] end,
                coalesce(json_extract(Containers, '$[*]'), [])
            )
        ) as container
    from models
),

contents as (
    select
        name,
        regexp_extract(container ->> '$.ModelPackageName', ':model-package/([^/]+)', 1) as package,
        regexp_extract(container ->> '$.ModelPackageName', ':model-package/[^/]+/([0-9]+)$', 1)
            as version,
        rtrim(
            coalesce(
                container ->> '$.ModelDataUrl',
                container ->> '$.ModelDataSource.S3DataSource.S3Uri'
            ),
            '/'
        ) as url
    from containers
),

named_models as (
    select
        c.name,
        c.url,
        nullif(coalesce(nullif(c.package, ''), u.model), '') as registered,
        coalesce(
            nullif(
                regexp_replace(
                    c.name,
                    '-([0-9]{4}(-[0-9]{2}){5}(-[0-9]{3})?|[0-9]{6}-[0-9]{4}|[0-9]{10}-[0-9a-f]{4})$',
                    ''
                ),
                ''
            ),
            c.name
        ) as family
    from contents as c
    left join package_urls as u on c.url = u.url
),

model_urls as (
    select url, min(coalesce(registered, family)) as model
    from named_models
    where url <> ''
    group by url
),

-- What came from each training job: by the registry, else by the model that is made of its artifact.
trained as (
    select
        t.TrainingJobArn as arn,
        coalesce(
            nullif(regexp_extract(t.OutputModelPackageArn, ':model-package/([^/]+)', 1), ''),
            g.model,
            u.model,
            m.model
        ) as model,
        coalesce(
            nullif(regexp_extract(t.OutputModelPackageArn, ':model-package/[^/]+/([0-9]+)$', 1), ''),
            g.version,
            u.version
        ) as version
    from (
        select
            TrainingJobArn,
            max_by(OutputModelPackageArn, x_line) as OutputModelPackageArn,
            rtrim(max_by(Artifacts, x_line), '/') as url
        from training_jobs
        group by TrainingJobArn
    ) as t
    left join (
        select generated_by, min(model) as model, max_by(version, whole(version)) as version
        from packages
        group by generated_by
    ) as g on t.TrainingJobArn = g.generated_by
    left join package_urls as u on t.url = u.url
    left join model_urls as m on t.url = m.url
),

serving as (
    select
        p.model_name,
        coalesce(min(n.registered), min(n.family), p.model_name) as model
    from (select distinct model_name from placed where model_name is not null) as p
    left join named_models as n on p.model_name = n.name
    group by p.model_name
),

own as (
    select p.*, coalesce(t.model, s.model) as model, t.version
    from placed as p
    left join trained as t on p.kind = 'training' and p.arn = t.arn
    left join serving as s on p.model_name = s.model_name
),

of_tuning as (
    select distinct tuning_arn, model
    from own
    where tuning_arn is not null and model is not null
),

of_execution as (
    select pipeline, execution, min(model) as model
    from own
    where execution is not null
    group by pipeline, execution
    having count(distinct model) = 1
),

of_pipeline as (
    select pipeline, min(model) as model
    from own
    where kind <> 'endpoint'
    group by pipeline
    having count(distinct model) = 1
),

-- A job that writes features is for these.
writers as (
    select distinct ProcessingJobArn as arn
    from processing_jobs
    where
        len(
            list_filter(
                json_extract_string(Outputs, '$[*].FeatureStoreOutput.FeatureGroupName'),
                lambda one: one is not null
            )
        ) > 0
),

found as (
    select
        o.* exclude (model),
        coalesce(o.model, t.model, e.model, p.model) as model,
        case
            when o.model is not null then 'own'
            when t.model is not null then 'tuning'
            when e.model is not null then 'execution'
            else 'pipeline'
        end as rung
    from own as o
    left join of_tuning as t
        on o.model is null and (o.tuning_arn = t.tuning_arn or o.arn = t.tuning_arn)
    left join of_execution as e
        on o.model is null and o.pipeline = e.pipeline and o.execution = e.execution
    left join of_pipeline as p on o.model is null and o.pipeline = p.pipeline
    where
        o.kind not in ('step', 'feature_group', 'endpoint')
        or (o.kind = 'endpoint' and o.model is not null)
)

select
    min(x_line) as x_line,
    pipeline,
    run,
    part,
    kind,
    arn,
    model,
    max(version) as version,
    min(rung) as rung,
    min(state) as state,
    min(start) as start
from found
where model is not null and (arn is null or arn not in (select arn from writers))
group by pipeline, run, part, kind, arn, model
