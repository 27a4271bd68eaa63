-- connectors/mlflow/links.sql
-- Which features each version of a model was trained on, as the run it came from says: by Feast's
-- references, else its views, else the columns of the signature, else of the dataset.
-- Grain: one row per (model version, feature). A column is only a feature where one has its name.
-- Reads: tags, model_versions, logged_models, inputs, datasets.
with versions as (
    select
        v.x_line,
        v.name,
        v.version,
        make_timestamp(whole(v.creation_time) * 1000) as seen,
        coalesce(
            words(v.run_id),
            l.source_run_id,
            nullif(regexp_extract(v.source, '^runs:/([0-9a-f]{32})', 1), '')
        ) as run
    from model_versions as v
    left join logged_models as l on v.source = 'models:/' || l.model_id
),

told as (
    select
        run_uuid,
        max(words(value)) filter (key = 'mlflow.parentRunId') as parent,
        max(words(value)) filter (key = 'feast.feature_refs') as refs,
        max(words(value)) filter (key = 'feast.feature_views') as views,
        max(words(value)) filter (key = 'mlflow.log-model.history') as history
    from tags
    group by run_uuid
),

-- What a run does not say of itself, its parent may.
trained as (
    select
        v.*,
        coalesce(t.refs, p.refs) as refs,
        coalesce(t.views, p.views) as views,
        t.history
    from versions as v
    left join told as t on v.run = t.run_uuid
    left join told as p on t.parent = p.run_uuid
),

columns_of as (
    select
        i.destination_id as run,
        list(distinct c.column_name) as names
    from inputs as i
    inner join datasets as d on i.source_id = d.dataset_uuid
    cross join lateral (
        select unnest(
            try(json_extract_string(d.dataset_schema, '$.mlflow_colspec[*].name'))
        ) as column_name
    ) as c
    where i.source_type = 'DATASET' and i.destination_type = 'RUN'
    group by i.destination_id
),

listed_names as (
    select
        t.*,
        -- Feast cuts the references at a length and writes "..." for the rest.
        case
            when suffix(t.refs, '...') and t.views is null
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
                when len(of_signature) > 0 then of_signature
                else of_dataset
            end
        ) as feature,
        case
            when len(of_refs) > 0 then 'feast.feature_refs'
            when len(of_views) > 0 then 'feast.feature_views'
            when len(of_signature) > 0 then 'signature'
            else 'dataset'
        end as seen_as
    from listed_names
)

select distinct
    x_line,
    'feature:' || feature as from_node,
    'model:' || name as to_node,
    'uses' as kind,
    version,
    run,
    seen,
    seen_as
from seen
where feature <> ''
