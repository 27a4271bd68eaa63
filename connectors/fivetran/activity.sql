-- connectors/fivetran/activity.sql
-- What connections took of their destination: paid active rows. Grain: one row per (connection,
-- destination, day). Reads: incremental_mar.
with taken as (
    select
        x_line,
        words(connection_name) as consumer,
        words(destination_id) as target,
        date_trunc('day', utc(measured_date))::timestamp as hour,
        quantity(incremental_rows) as quantity
    from incremental_mar
    where coalesce(upper(words(free_type)), 'PAID') = 'PAID'
)

select
    min(x_line) as x_line,
    consumer,
    target,
    hour,
    'rows' as measure,
    sum(quantity)::decimal(38, 6) as quantity
from taken
group by consumer, target, hour
