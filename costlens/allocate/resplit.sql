-- What each prefix of lines comes to at each placement: split anew, hop by hop, by the weights that
-- the build kept, in the order in which it split. Grain: one row per (prefix, placement).
-- Reads: prefixes, pools made of them, whole_pools; placements of the build. Takes: $period.
with heads as (
    select p.pool as head, f.whole_bundle, f.line_number, w.pool, p.billed, p.effective
    from pools as p
    inner join prefixes as f on p.bundle = f.bundle
    inner join whole_pools as w on f.whole_bundle = w.bundle and p.day = w.day
),

-- A slice is split last: until then it is its stage.
cut as (
    select *, list_filter(hops, lambda h: h.hop = 'slice')[1] as slice
    from memory.main.placements
    where billing_period = $period and pool in (select pool from heads)
),

kept as (
    select
        pool,
        placement,
        placement // 1048576 as piece,
        coalesce(slice.via, stage) as stage,
        coalesce(slice.via, node, '') as node,
        case outcome when 'stranded' then '(stranded)' else coalesce(pipeline, slice.via, stage) end as sink,
        list_filter(hops, lambda h: h.hop <> 'slice') as hops,
        case when slice is not null then node end as slice_node,
        slice.numerator::hugeint as slice
    from cut
),

ways as (
    select
        * exclude (node, sink, hops),
        node,
        list_filter(hops, lambda h: h.hop in ('overlap', 'run'))[1].numerator::hugeint as job,
        list_filter(hops, lambda h: h.hop = 'outputs')[1].numerator::hugeint as output,
        list_filter(hops, lambda h: h.hop = 'cascade')[1].numerator::hugeint as handed,
        list_filter(hops, lambda h: h.hop = 'own_cost')[1].numerator::hugeint as landed,
        -- What a split goes by where weights tie: the thing made, the sink.
        case when output is not null and handed is null then node else '' end as made,
        case when handed is not null then sink else '' end as sink,
        len(hops) = 0 as is_whole
    from kept
),

jobs as (
    select distinct h.head as piece, w.piece as member, coalesce(w.job, 1) as weight, h.billed, h.effective
    from heads as h
    inner join ways as w on h.pool = w.pool
    where not w.is_whole
),

by_job as (
    select piece as head, member as piece, billed_part as billed, effective_part as effective
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

unsliced as (
    select
        h.whole_bundle,
        h.line_number,
        h.pool,
        w.placement,
        h.billed,
        h.effective
    from heads as h
    inner join ways as w on h.pool = w.pool
    where w.is_whole
    union all
    select r.whole_bundle, r.line_number, h.pool, r.placement, r.billed, r.effective
    from reached as r
    inner join heads as h on r.head = h.head
    where r.handed is null
    union all
    select r.whole_bundle, r.line_number, h.pool, r.placement, l.billed, l.effective
    from reached as r
    inner join heads as h on r.head = h.head
    inner join by_landing as l on r.branch = l.branch and r.stage || chr(31) || r.node = l.member
),

parted as (
    select u.*, w.slice, w.slice_node, u.line_number || ' ' || u.whole_bundle || ' '
        || concat_ws(chr(31), w.pool, w.piece, w.made, w.sink, w.stage, w.node) as ended
    from unsliced as u
    inner join ways as w on u.placement = w.placement
),

sliced_members as (
    select ended as piece, slice_node as member, slice as weight, billed, effective
    from parted
    where slice is not null
)

select whole_bundle, line_number, pool, placement, billed, effective
from parted
where slice is null
union all
select p.whole_bundle, p.line_number, p.pool, p.placement, s.billed_part, s.effective_part
from split('sliced_members') as s
inner join parted as p on s.piece = p.ended and s.member = p.slice_node
