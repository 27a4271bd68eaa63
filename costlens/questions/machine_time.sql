-- What shared machines were paid for along time: by the pipelines that ran on them, and idle beside them.
-- Pipelines beyond the dearest of a machine are one row, `(other pipelines)`; what is charged for a longer
-- span counts where the span begins. Grain: one row per (resource, time, pipeline, currency).
-- Reads: machine_spans, which is kept before; rates. Takes: $basis.
with priced as (
    select
        s.owner,
        s.span,
        s.pipeline,
        r.to_currency as currency,
        sum(units(case $basis when 'billed' then s.billed else s.effective end) * r.rate) as value
    from machine_spans as s
    inner join rates as r on s.billing_period = r.month and s.currency = r.currency
    group by all
),

placed as (
    select
        owner,
        pipeline,
        row_number() over (partition by owner order by sum(value) desc, pipeline) as place
    from priced
    where pipeline <> '(idle)'
    group by owner, pipeline
),

sized as (
    select owner, sum(value) as whole
    from priced
    group by owner
),

named as (
    select
        substr(p.owner, strpos(p.owner, ':') + 1) as resource,
        p.span as time,
        case
            when p.pipeline = '(idle)' then '(idle)'
            when k.place > 4 then '(other pipelines)'
            else substr(p.pipeline, strpos(p.pipeline, ':') + 1)
        end as pipeline,
        p.currency,
        s.whole,
        p.value
    from priced as p
    left join placed as k on p.owner = k.owner and p.pipeline = k.pipeline
    inner join sized as s on p.owner = s.owner
)

select resource, time, pipeline, converted(sum(value)) as amount, currency
from named
group by resource, time, pipeline, currency, whole
order by whole desc, resource, time, pipeline = '(idle)', pipeline, currency
