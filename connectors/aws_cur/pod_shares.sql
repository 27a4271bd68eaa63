-- connectors/aws_cur/pod_shares.sql
-- What pods and tasks get of the hours of the machines that they ran on, and what the machines' lines
-- keep: by running sums, so that every amount of an hour re-adds to the last unit. Grain: one row per
-- line of split cost allocation data, and per line of their machines. Reads: lines.

-- Weights are what a pod or task cost effectively, in whole units of money.
with parts as (
    select
        x_line, machine, start, month_start, currency, units_of(greatest(split_cost, 0)) as weight
    from lines
    where setting('split_costs') = 'replace' and is_split and machine is not null
),

machine_lines as (
    select
        x_line,
        machine,
        start,
        month_start,
        currency,
        billed,
        effective,
        listed,
        contracted,
        quantity,
        {commitment: commitment, status: commitment_status, pricing: pricing} as terms
    from lines
    where
        setting('split_costs') = 'replace'
        and not is_split
        and machine is not null
        and billed >= 0
        and effective >= 0
),

taken as (
    select machine, start, month_start, currency, sum(weight) as taken
    from parts
    group by all
    having sum(weight) > 0
),

-- The hours that are shared. Of one, pods and tasks get `taken` of `whole` parts: all, where they are
-- said to have cost more than it did.
hours as materialized (
    select
        row_number() over () as hour,
        machine,
        start,
        month_start,
        currency,
        any_value(t.taken) as taken,
        greatest(any_value(t.taken), units_of(sum(m.effective))) as whole,
        sum(m.billed) as all_billed,
        sum(m.effective) as all_effective,
        sum(m.listed) as all_listed,
        sum(m.contracted) as all_contracted,
        list(distinct m.terms) as all_terms
    from machine_lines as m
    inner join taken as t using (machine, start, month_start, currency)
    group by machine, start, month_start, currency
    having sum(m.effective) > 0
),

weighed as (
    select
        p.x_line,
        h.hour,
        p.weight,
        sum(p.weight) over (partition by h.hour order by p.x_line) as weight_to
    from parts as p
    inner join hours as h using (machine, start, month_start, currency)
),

summed as (
    select
        m.*,
        h.taken,
        h.whole,
        sum(m.billed) over run as billed_to,
        sum(m.effective) over run as effective_to,
        sum(m.listed) over run as listed_to,
        sum(m.contracted) over run as contracted_to,
        sum(m.quantity) over run as quantity_to
    from machine_lines as m
    inner join hours as h using (machine, start, month_start, currency)
    window run as (partition by h.hour order by m.x_line)
)

select
    w.x_line,
    part_between(h.all_effective, w.weight_to - w.weight, w.weight_to, h.whole) as part_effective,
    -- Most hours are billed as they are amortised, and at list price.
    case
        when h.all_billed = h.all_effective then part_effective
        else part_between(h.all_billed, w.weight_to - w.weight, w.weight_to, h.whole)
    end as part_billed,
    case
        when h.all_listed = h.all_effective then part_effective
        else part_between(h.all_listed, w.weight_to - w.weight, w.weight_to, h.whole)
    end as part_listed,
    case
        when h.all_contracted = h.all_effective then part_effective
        when h.all_contracted = h.all_listed then part_listed
        else part_between(h.all_contracted, w.weight_to - w.weight, w.weight_to, h.whole)
    end as part_contracted,
    null::decimal(38, 12) as part_quantity,
    case when len(h.all_terms) = 1 then h.all_terms[1] end as terms
from weighed as w
inner join hours as h using (hour)
union all
select
    x_line,
    what_is_left(effective, effective_to, taken, whole),
    what_is_left(billed, billed_to, taken, whole),
    what_is_left(listed, listed_to, taken, whole),
    what_is_left(contracted, contracted_to, taken, whole),
    what_is_left(quantity, quantity_to, taken, whole),
    null
from summed
