-- What policies gave to a target or took from it, beside its own cost. Grain: one row per
-- (billing_period, step, service, class, grade, currency).
-- Reads: ledger. Takes: $level, $target; $stage, $service and $class, patterns or null; $start,
-- $stop, $first, $after: the window. A policy has no stage.
select
    billing_period,
    step,
    service,
    class,
    grade,
    currency,
    sum(billed)::decimal(38, 12) as billed,
    sum(effective)::decimal(38, 12) as effective
from ledger
where
    level = $level and target = $target and step <> 'own'
    and day >= $start and day < $stop
    and billing_period >= $first and billing_period < $after
    and $stage::varchar is null
    and asked_for(service, $service::varchar)
    and ($class::varchar is null or class = $class)
group by all
