-- What each stage cost on each day. Grain: as the table. Reads: placements, owners.
-- The owner is that of the day; a slice has its stage's.
-- The idle beside a stage is unknown as soon as that of one of its resources is.
select
    n.billing_period,
    n.day,
    n.source,
    n.stage,
    substr(n.pipeline, strpos(n.pipeline, ':') + 1) as pipeline,
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
    case when count(n.idle_billed) = count(*) then sum(n.idle_billed) end as idle_billed,
    case when count(n.idle_effective) = count(*) then sum(n.idle_effective) end
        as idle_effective
from placements as n
left join owners as own
    on
        split_part(n.stage, '#', 1) = own.node
        and (own.valid_from is null or own.valid_from <= n.day)
        and (own.valid_to is null or own.valid_to > n.day)
left join owners as pipe
    on
        n.pipeline = pipe.node
        and (pipe.valid_from is null or pipe.valid_from <= n.day)
        and (pipe.valid_to is null or pipe.valid_to > n.day)
group by all
