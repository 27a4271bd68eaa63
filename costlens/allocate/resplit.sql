-- What each prefix of lines comes to at each placement: split anew, hop by hop, by the weights that
-- the build kept, in the order in which it split. Grain: one row per (prefix, placement).
-- Reads: prefixes, pools made of them, whole_pools; placements of the build. Takes: $period.
with heads as (
    select p.pool as head, f.whole_bundle, f.line_number, w.pool, p.billed, p.effective
    from pools as p
    inner join prefixes as f on p.bundle = f.bundle
    inner join whole_pools as w on f.whole_bundle = w.bundle and p.day = w.day
),

found as (
    select *, list_filter(hops, lambda h: h.hop = 'slice')[1] as of_slice
    from memory.main.placements
    where billing_period = $period and pool in (select pool from heads)
),

-- A slice stands for the stage that it is of.
kept as (
    select
        pool,
        placement,
        placement // 1048576 as piece,
        node as slice_node,
        (of_slice).numerator::hugeint as sliced,
        coalesce((of_slice).via, stage) as stage,
        coalesce(
            case when of_slice is null then node else regexp_replace(node, '#[^#]*$', '') end, ''
        ) as node,
        case outcome
            when 'stranded' then '(stranded)'
            else coalesce(pipeline, (of_slice).via, stage)
        end as sink,
        hops
    from found
),

ways as (
    select
        * exclude (node, sink, hops),
        node,
        list_filter(hops, lambda h: h.hop = 'unit')[1] as of_unit,
        list_filter(hops, lambda h: h.hop in ('overlap', 'run'))[1].numerator::hugeint as job,
        list_filter(hops, lambda h: h.hop = 'outputs')[1].numerator::hugeint as output,
        list_filter(hops, lambda h: h.hop = 'cascade')[1].numerator::hugeint as handed,
        list_filter(hops, lambda h: h.hop = 'own_cost')[1].numerator::hugeint as landed,
        -- What a split goes by where weights tie: the thing made, the sink.
        case when output is not null and handed is null then node else '' end as made,
        case when handed is not null then sink else '' end as sink,
        len(list_filter(hops, lambda h: h.hop <> 'slice')) = 0 as is_whole
    from kept
),

-- To the vCPU, memory and GPU of a pool first, where they are shared apart.
units as (
    select distinct
        h.head as piece,
        (w.of_unit).measure as member,
        (w.of_unit).numerator::hugeint as weight,
        h.billed,
        h.effective
    from heads as h
    inner join ways as w on h.pool = w.pool
    where w.of_unit is not null
),

by_unit as (
    select piece as head, member as of_unit, billed_part as billed, effective_part as effective
    from split('units')
),

jobs as (
    select distinct
        4 * h.head + coalesce(list_position(['gpu', 'memory_gb', 'vcpu'], u.of_unit), 0) as piece,
        w.piece as member,
        coalesce(w.job, 1) as weight,
        coalesce(u.billed, h.billed) as billed,
        coalesce(u.effective, h.effective) as effective
    from heads as h
    inner join ways as w on h.pool = w.pool
    left join by_unit as u on h.head = u.head and (w.of_unit).measure = u.of_unit
    where not w.is_whole
),

by_job as (
    select piece // 4 as head, member as piece, billed_part as billed, effective_part as effective
    from split('jobs')
),

outputs as (
    select distinct
        j.head || ' ' || j.piece as piece,
        w.made as member,
        coalesce(w.output, 1) as weight,
        j.billed,
        j.effective
    from by_job as j
    inner join heads as h on j.head = h.head
    inner join ways as w on h.pool = w.pool and j.piece = w.piece
),

by_output as (
    select piece, member as made, billed_part as billed, effective_part as effective
    from split('outputs')
),

reached as (
    select
        h.head,
        h.whole_bundle,
        h.line_number,
        w.placement,
        w.stage,
        w.node,
        w.sink,
        w.handed,
        w.landed,
        w.sliced,
        w.slice_node,
        h.head || ' ' || w.piece || ' ' || w.sink as branch,
        o.piece as origin,
        o.billed,
        o.effective
    from heads as h
    inner join ways as w on h.pool = w.pool
    inner join by_output as o on h.head || ' ' || w.piece = o.piece and w.made = o.made
),

sinks as (
    select distinct origin as piece, sink as member, handed as weight, billed, effective
    from reached
    where handed is not null
),

by_sink as (
    select piece || ' ' || member as branch, billed_part as billed, effective_part as effective
    from split('sinks')
),

landings as (
    select distinct
        r.branch as piece,
        r.stage || chr(31) || r.node as member,
        coalesce(r.landed, 1) as weight,
        s.billed,
        s.effective
    from reached as r
    inner join by_sink as s on r.branch = s.branch
),

by_landing as (
    select piece as branch, member, billed_part as billed, effective_part as effective
    from split('landings')
),

ended as (
    select h.head::varchar as piece, h.head, w.placement, w.sliced, w.slice_node, h.billed, h.effective
    from heads as h
    inner join ways as w on h.pool = w.pool
    where w.is_whole
    union all
    select origin || ' ' || node, head, placement, sliced, slice_node, billed, effective
    from reached
    where handed is null
    union all
    select
        r.branch || ' ' || l.member,
        r.head,
        r.placement,
        r.sliced,
        r.slice_node,
        l.billed,
        l.effective
    from reached as r
    inner join by_landing as l on r.branch = l.branch and r.stage || chr(31) || r.node = l.member
),

slices as (
    select piece, slice_node as member, sliced as weight, billed, effective
    from ended
    where sliced is not null
),

by_slice as (
    select piece, member, billed_part as billed, effective_part as effective
    from split('slices')
)

select
    h.whole_bundle,
    h.line_number,
    h.pool,
    e.placement,
    coalesce(s.billed, e.billed) as billed,
    coalesce(s.effective, e.effective) as effective
from ended as e
inner join heads as h on e.head = h.head
left join by_slice as s on e.piece = s.piece and e.slice_node = s.member and e.sliced is not null
