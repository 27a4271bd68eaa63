-- The part of each pool of charges that came to each stage, with every hop it took.
-- Grain: one row per placement. Reads: settled, pools, node_sets. Takes: $period.
select
    $period as billing_period,
    p.day,
    p.source,
    s.pool,
    p.owner,
    p.service,
    p.currency,
    p.span_start,
    p.span_stop,
    p.line_count as lines,
    p.tier,
    p.rule,
    coalesce(
        p.reason,
        case
            when
                s.outcome is null
                and n.feature_set is null
                and n.model_set is null
                and n.product_set is null
                then case when s.node is null then 'unmapped' else 'no target' end
        end
    ) as reason,
    s.placement,
    s.stage,
    s.pipeline,
    s.node,
    s.run,
    coalesce(
        s.outcome,
        case
            when coalesce(n.feature_set, n.model_set, n.product_set) is null then 'unneeded'
            else 'allocated'
        end
    ) as outcome,
    s.class,
    s.grade,
    s.hops,
    n.feature_set,
    n.model_set,
    n.product_set,
    s.billed,
    s.effective,
    s.idle_billed,
    s.idle_effective
from settled as s
inner join pools as p on s.pool = p.pool
left join node_sets as n on s.node = n.node and s.day = n.day
