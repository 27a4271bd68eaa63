-- connectors/databricks_runs/activity.sql
-- Requests to served models. Grain: one row per (consumer, target, hour, measure). Every request sizes
-- its endpoint; one that says in its usage context who asked is taken from its model by that.
-- Reads: endpoint_usage, served_entities.
with served as (
    select
        words(served_entity_id) as entity,
        arg_max(
            {
                'endpoint': words(endpoint_name),
                'model': regexp_extract(words(entity_name), '[^.]*$')
            },
            (utc(change_time), words(endpoint_name))
        ) as now
    from served_entities
    group by all
),

requests as (
    select
        x_line,
        words(served_entity_id) as entity,
        utc(request_time) as at,
        whole(status_code) as status,
        whole(input_token_count) as input_tokens,
        whole(output_token_count) as output_tokens,
        json(usage_context) as context
    from endpoint_usage
),

answered as (
    select
        r.x_line,
        date_trunc('hour', r.at)::timestamp as hour,
        coalesce(nullif(s.now.model, ''), s.now.endpoint, r.entity) as model,
        coalesce(s.now.endpoint, r.entity) as endpoint,
        coalesce(r.context ->> '$.consumer', 'product:' || (r.context ->> '$.product')) as consumer,
        r.input_tokens,
        r.output_tokens
    from requests as r
    left join served as s on r.entity = s.entity
    where coalesce(r.status, 200) < 400
),

taken as (
    select null::varchar as consumer, 'endpoint:' || model || '/' || endpoint as target, *
    from (select * exclude (consumer) from answered)
    union all
    select consumer, 'model:' || model, * exclude (consumer)
    from answered
    where consumer is not null
),

measured as (
    select
        x_line,
        consumer,
        target,
        hour,
        unnest(
            [
                {'measure': 'requests', 'quantity': 1},
                {'measure': 'input_tokens', 'quantity': input_tokens},
                {'measure': 'output_tokens', 'quantity': output_tokens}
            ],
            recursive := true
        )
    from taken
)

select
    min(x_line) as x_line,
    consumer,
    target,
    hour,
    measure,
    sum(quantity)::decimal(38, 6) as quantity
from measured
where quantity is not null
group by consumer, target, hour, measure
