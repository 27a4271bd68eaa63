-- What a target cost each month, by the pipeline that did the work, by class, by policy, and whether it
-- alone needs that. Grain: one row per (month, pipeline, class, step, is_alone), in units times units of
-- the rate; they add up to its cost. Reads: explain_parts, explain_policies, shares, rates.
-- Takes: $level, $target; $basis.
with alone as (
    select distinct need_set
    from shares
    where level = $level and target = $target and members = 1
),

each_part as (
    select
        e.billing_period,
        e.pipeline,
        e.class,
        'own' as step,
        a.need_set is not null as is_alone,
        e.currency,
        e.billed,
        e.effective
    from explain_parts as e
    left join alone as a on e.need_set = a.need_set
    union all
    select billing_period, null, class, step, false, currency, billed, effective
    from explain_policies
)

select
    e.billing_period as month,
    e.pipeline,
    e.class,
    e.step,
    e.is_alone,
    sum(units(case $basis when 'billed' then e.billed else e.effective end) * r.rate)::hugeint
        as value
from each_part as e
inner join rates as r on e.billing_period = r.month and e.currency = r.currency
group by e.billing_period, e.pipeline, e.class, e.step, e.is_alone
order by all
