-- A target's cost, by the billing lines it comes from. Grain: one row per (line, stage, way).
-- The amounts re-add to the target's. Reads: line_shares, explain_policies. Takes: $level, $target; $basis; $start,
-- $stop, $first and $after, the window.
select
    source || ':' || billing_period || ':' || x_line as line,
    sum(case $basis when 'billed' then billed else effective end) as amount,
    currency,
    day,
    stage,
    service,
    class,
    tier,
    rule,
    grade
from line_shares
where level = $level and target = $target and day >= $start and day < $stop
    and billing_period >= $first and billing_period < $after
group by all
union all
select
    step as line,
    sum(case $basis when 'billed' then billed else effective end) as amount,
    currency,
    null as day,
    'policy' as stage,
    service,
    class,
    null as tier,
    null as rule,
    grade
from explain_policies
where billing_period >= $first and billing_period < $after
group by all
order by abs(amount) desc, line, day, stage, class, rule, grade
