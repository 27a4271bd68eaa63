-- connectors/feast/links.sql
-- What feeds what in a feature store: tables the views, views the services that hand them out,
-- services the model and product that their tags name; a view made on demand uses other views.
-- No edges of cost are `materialised`, from and until which day of data a view was filled, and
-- `owned`, who owns a view, or a model by its service.
-- Grain: one row per (from, to, kind, version). Reads: views, intervals, on_demand, services, served.
with sources as (
    select
        x_line,
        name,
        dbt_model,
        coalesce(utc(created), utc(updated)) as seen,
        unnest(
            [
                {'told': coalesce(json_extract(source, '$.batchSource'), source::json)},
                {
                    'told': coalesce(
                        json_extract(stream_source, '$.batchSource'), stream_source::json
                    )
                }
            ],
            recursive := true
        ) as told
    from views
),

-- Each kind of source names its table in a way of its own.
placed as (
    select
        x_line,
        name,
        seen,
        coalesce(dbt_model, told ->> '$.tags.dbt_model') as dbt_model,
        coalesce(
            told ->> '$.fileOptions.uri',
            told ->> '$.sparkOptions.path',
            lower(
                replace(
                    replace(
                        coalesce(
                            nullif(
                                concat_ws(
                                    '.',
                                    nullif(told ->> '$.snowflakeOptions.database', ''),
                                    nullif(told ->> '$.snowflakeOptions.schema', ''),
                                    nullif(told ->> '$.snowflakeOptions.table', ''),
                                    nullif(told ->> '$.redshiftOptions.database', ''),
                                    nullif(told ->> '$.redshiftOptions.schema', ''),
                                    nullif(told ->> '$.redshiftOptions.table', ''),
                                    nullif(told ->> '$.athenaOptions.database', ''),
                                    nullif(told ->> '$.athenaOptions.table', ''),
                                    nullif(told ->> '$.bigqueryOptions.table', ''),
                                    nullif(told ->> '$.trinoOptions.table', ''),
                                    nullif(told ->> '$.sparkOptions.table', '')
                                ),
                                ''
                            ),
                            told ->> '$.kafkaOptions.topic',
                            told ->> '$.kinesisOptions.streamName'
                        ),
                        '`',
                        ''
                    ),
                    '"',
                    ''
                )
            ),
            told ->> '$.name'
        ) as place
    from sources
    where told is not null
),

edges as (
    select
        x_line,
        'table:' || place as from_node,
        'feature:' || name as to_node,
        'feeds' as kind,
        null as version,
        seen,
        'feast.source' as seen_as
    from placed
    where place is not null
    union all
    select x_line, 'table:' || dbt_model, 'feature:' || name, 'feeds', null, seen, 'feast.source'
    from placed
    where dbt_model is not null
    union all
    select
        x_line,
        case
            when coalesce(base, whole_base) is null then 'request:' || key
            else 'feature:' || coalesce(base, whole_base)
        end,
        'feature:' || view,
        case when coalesce(base, whole_base) is null then 'feeds' else 'uses' end,
        null,
        coalesce(utc(created), utc(updated)),
        'feast.on_demand'
    from on_demand
    union all
    select
        x_line,
        'feature:' || view,
        'service:' || service,
        'feeds',
        null,
        coalesce(utc(created), utc(updated)),
        'feast.feature_service'
    from served
    union all
    select
        x_line,
        'service:' || name,
        'model:' || words(model),
        'feeds',
        null,
        coalesce(utc(created), utc(updated)),
        'feast.service_tag'
    from services
    where words(model) is not null
    union all
    select
        x_line,
        case when words(model) is null then 'service:' || name else 'model:' || words(model) end,
        'product:' || words(product),
        'feeds',
        null,
        coalesce(utc(created), utc(updated)),
        'feast.service_tag'
    from services
    where words(product) is not null
    union all
    select
        x_line,
        'feature:' || view,
        'feature:' || view,
        'materialised',
        strftime(utc(startTime), '%Y-%m-%dT%H:%M:%SZ') || '/'
        || strftime(utc(endTime), '%Y-%m-%dT%H:%M:%SZ'),
        utc(endTime),
        'feast.materialisation'
    from intervals
    union all
    select
        x_line,
        'feature:' || name,
        'team:' || words(owner),
        'owned',
        null,
        coalesce(utc(created), utc(updated)),
        'feast.owner'
    from views
    where words(owner) is not null
    union all
    select
        x_line,
        'feature:' || view,
        'team:' || words(owner),
        'owned',
        null,
        coalesce(utc(created), utc(updated)),
        'feast.owner'
    from on_demand
    where words(owner) is not null
    union all
    select
        x_line,
        'model:' || words(model),
        'team:' || words(owner),
        'owned',
        null,
        coalesce(utc(created), utc(updated)),
        'feast.owner'
    from services
    where words(model) is not null and words(owner) is not null
)

select
    min(x_line) as x_line,
    from_node,
    to_node,
    kind,
    version,
    coalesce(min(seen), timestamp '1970-01-01') as seen,
    seen_as
from edges
group by from_node, to_node, kind, version, seen_as
