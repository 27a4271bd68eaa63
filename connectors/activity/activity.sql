-- connectors/activity/activity.sql
-- What consumers took from targets. Grain: one row per (consumer, target, hour, measure).
-- Reads: source. Without a consumer a line sizes its target and weighs nobody.
with lines as (
    select
        x_line,
        words(consumer) as consumer,
        words(target) as target,
        date_trunc('hour', utc("hour"))::timestamp as hour,
        lower(words(measure)) as measure,
        quantity("quantity") as quantity
    from source
)

-- A negative quantity is an error, which no sum may hide.
select
    case when min(quantity) < 0 then arg_min(x_line, quantity) else min(x_line) end as x_line,
    consumer,
    target,
    hour,
    measure,
    case when min(quantity) < 0 then min(quantity) else sum(quantity) end as quantity
from lines
group by consumer, target, hour, measure
