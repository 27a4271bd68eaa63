-- What each stage cost on each day. Grain: as the table. Reads: placements, things.
with named as (
    select
        *,
        case when stage like 'pipeline:%' then regexp_extract(stage, '^pipeline:([^/]+)', 1) end
            as pipeline
    from placements
)

select
    n.billing_period,
    n.day,
    n.source,
    n.stage,
    n.pipeline,
    coalesce(own.owner, pipe.owner) as owner,
    n.outcome,
    n.service,
    n.class,
    n.grade,
    n.currency,
    'own' as step,
    n.feature_set,
    n.model_set,
    n.product_set,
    sum(n.billed) as billed,
    sum(n.effective) as effective,
    sum(n.idle_billed) as idle_billed,
    sum(n.idle_effective) as idle_effective
from named as n
left join things as own on n.stage = own.node
left join things as pipe on 'pipeline:' || n.pipeline = pipe.node
group by all
