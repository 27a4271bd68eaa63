-- What policies gave to a target or took from it, beside its own cost. Grain: one row per
-- (billing_period, step, service, class, grade, currency).
-- Reads: ledger. Takes: $level, $target; $start, $stop, $first, $after: the window.
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
group by all
