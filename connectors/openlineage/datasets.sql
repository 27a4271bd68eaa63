-- connectors/openlineage/datasets.sql
-- What events say was read and written, and of what is written which columns came from where; each
-- dataset by the name that other tools have for it: a path with its bucket, a table in lower case,
-- what Feast fills its feature view. A `role` is output, input, or column: of the output of that
-- x_line, where it came from directly, or nothing says how.
-- Grain: one row per dataset of an event, and per input of a column. Reads: outputs_of, inputs_of.
with came as (
    select
        x_line,
        run_id,
        job_name,
        eventTime,
        unnest(json_extract(lineage, '$.fields.*.inputFields[*]')) as field
    from (
        select * replace (json_object('fields', lineage::json) as lineage)
        from outputs_of
        where json(lineage) is not null
    )
),

told as (
    select
        x_line,
        'output' as role,
        run_id,
        job_name,
        utc(eventTime) as heard,
        words(namespace) as namespace,
        words(name) as name,
        quantity(row_count) as row_count,
        quantity(bytes) as bytes,
        len(try(json_extract(fields, '$[*].name'))) as column_count,
        words(stored_view) as stored_view,
        words(service) as service,
        served_views,
        feature_view is not null as is_view,
        false as is_entity
    from outputs_of
    union all
    select
        x_line,
        'input',
        run_id,
        job_name,
        utc(eventTime),
        words(namespace),
        words(name),
        null,
        null,
        null,
        null,
        null,
        null,
        feature_view is not null,
        entity is not null
    from inputs_of
    union all
    select
        x_line,
        'column',
        run_id,
        job_name,
        utc(eventTime),
        field ->> '$.namespace',
        field ->> '$.name',
        null,
        null,
        null,
        null,
        null,
        null,
        false,
        false
    from came
    where
        coalesce(json_array_length(field, '$.transformations'), 0) = 0
        or list_contains(json_extract_string(field, '$.transformations[*].type'), 'DIRECT')
)

select
    * exclude (namespace, name),
    case
        when stored_view is not null then 'feature:' || stored_view
        when is_view then 'feature:' || name
        when regexp_matches(namespace, '^(s3[an]?|gs|abfss?|wasbs?|adl|hdfs|dbfs)://')
            then 'table:' || rtrim(namespace, '/') || '/' || ltrim(name, '/')
        when contains(name, '/') then 'table:' || name
        else 'table:' || lower(name)
    end as node
from told
where name is not null
