-- costlens/start/activity.sql
-- Who took what. Grain: one row per (month, consumer, target, measure).
-- Reads: read_activity, the rows a pack makes. Takes: $source.
select
    $source as source,
    strftime(period_start, '%Y-%m') as period,
    consumer,
    target,
    measure,
    count(*) as lines
from read_activity
group by all
