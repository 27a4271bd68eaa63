-- connectors/mlflow/links.sql
-- Which features each version of a model was trained on, as the run it came from says: by Feast's
-- references, else its views, else the service they came from, else the columns of the signature,
-- else of the dataset.
-- Grain: one row per (model version, feature). A column is only a feature where one has its name.
-- Reads: all_tags, model_versions, logged_models, inputs, datasets, dataset_inputs.
with
-- A page of REST that stands twice tells nothing twice.
versions as (
    select
        v.x_line,
        v.name,
        v.version,
        instant(v.creation_time) as seen,
        coalesce(
            words(v.run_id),
            l.source_run_id,
            nullif(regexp_extract(v.source, '^runs:/([0-9a-f]{32})', 1), '')
        ) as run
    from model_versions as v
    left join logged_models as l on v.source = 'models:/' || l.model_id
    qualify row_number() over (partition by v.name, v.version order by run is null, v.x_line) = 1
),

told as (
    select
        run_uuid,
        max(value) filter (key = 'mlflow.parentRunId') as parent,
        max(value) filter (key = 'feast.feature_refs') as refs,
        max(value) filter (key = 'feast.feature_views') as views,
        max(value) filter (key = 'feast.feature_service') as service,
        max(value) filter (key = 'mlflow.log-model.history') as history
    from all_tags
    group by run_uuid
),

-- What a run does not say of itself, its parent may.
trained as (
    select
        v.*,
        coalesce(t.refs, p.refs) as refs,
        coalesce(t.views, p.views) as views,
        coalesce(t.service, p.service) as service,
        t.history
    from versions as v
    left join told as t on v.run = t.run_uuid
    left join told as p on t.parent = p.run_uuid
),

schemas as (
    select i.destination_id as run, d.dataset_schema as told
    from inputs as i
    inner join datasets as d on i.source_id = d.dataset_uuid
    where i.source_type = 'DATASET' and i.destination_type = 'RUN'
    union all
    select run_uuid, dataset_schema
    from dataset_inputs
),

columns_of as (
    select s.run, list(distinct c.column_name) as names
    from schemas as s
    cross join lateral (
        select unnest(
            try(json_extract_string(s.told, '$.mlflow_colspec[*].name'))
        ) as column_name
    ) as c
    group by s.run
),

listed_names as (
    select
        t.*,
        -- Feast cuts the references at a length and writes "..." for the rest.
        case
            when
                suffix(t.refs, '...') and coalesce(suffix(t.views, '...'), true) and t.service is null
                then list_reverse(list_reverse(string_split(t.refs, ','))[2:])
            when not suffix(t.refs, '...') then string_split(t.refs, ',')
        end as of_refs,
        case when not suffix(t.views, '...') then string_split(t.views, ',') end as of_views,
        flatten(
            list_transform(
                try(json_extract_string(t.history, '$[*].signature.inputs')),
                lambda inputs: coalesce(try(json_extract_string(inputs, '$[*].name')), [])
            )
        ) as of_signature,
        c.names as of_dataset
    from trained as t
    left join columns_of as c on t.run = c.run
),

seen as (
    select
        x_line,
        name,
        version,
        run,
        seen,
        unnest(
            case
                when len(of_refs) > 0
                    then list_transform(of_refs, lambda ref: split_part(trim(ref), ':', 1))
                when len(of_views) > 0 then list_transform(of_views, lambda view: trim(view))
                when service is not null then [service]
                when len(of_signature) > 0 then of_signature
                else of_dataset
            end
        ) as feature,
        case
            when len(of_refs) > 0 then 'feast.feature_refs'
            when len(of_views) > 0 then 'feast.feature_views'
            when service is not null then 'feast.feature_service'
            when len(of_signature) > 0 then 'signature'
            else 'dataset'
        end as seen_as
    from listed_names
)

select distinct
    x_line,
    case seen_as when 'feast.feature_service' then 'service:' else 'feature:' end || feature
        as from_node,
    'model:' || name as to_node,
    'uses' as kind,
    version,
    run,
    seen,
    seen_as
from seen
where feature <> ''
