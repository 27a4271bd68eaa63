-- What was declared to come in, and what did, on the days that were billed. Grain: one row per (claim,
-- name, month, figure, step of ramp and decay, days with the same other claims), where figure is low,
-- likely, high, evidenced or realised; `value` is in whole units, null where a claim has no money.
-- Reads: claims, realised, bill_days. Takes: $side, benefit or cost; $level, and claims on other things
-- count there by their declared share alone; $evidence_level, from which on a claim is evidenced.
-- An amount per month counts for each day of a calendar month alike, one per quarter or year for each of
-- theirs, one that comes once on its first day or evenly over its days. What a window bears is the
-- difference of two running sums, so that windows add up to their whole and a whole month is the amount.
with chosen as (
    select * from claims
    where side = $side
),

keyed as (
    select
        claim,
        unnest(map_keys(share)) as node,
        units(unnest(map_values(share))) as share
    from (
        select claim, from_json(shares, '"MAP(VARCHAR, DECIMAL(38,12))"') as share
        from chosen
    ) as declared
),

-- Shares are of the running sum, so that the parts of a claim re-add to it.
shared as (
    select
        claim,
        substr(node, strpos(node, ':') + 1) as name,
        (sum(share) over in_order - share)::hugeint as share_start,
        (sum(share) over in_order)::hugeint as share_stop
    from keyed
    where node like $level || ':%'
    window in_order as (partition by claim order by node rows unbounded preceding)
    union all
    select claim, substr(target, strpos(target, ':') + 1), 0, 1000000000000
    from chosen
    where target like $level || ':%'
),

dated as (
    select
        * exclude (valid_to, decay),
        case
            when per = 'once' and valid_to is null then valid_from + 1
            else valid_to
        end as valid_to,
        units(claim_share::decimal(38, 12)) as part,
        (decay * 1000000)::hugeint as decay
    from chosen
),

-- Evidenced claims on one metric of one population: what they claim together on the same days.
evidenced as (
    select
        claim,
        part,
        coalesce('metric ' || metric || ' of ' || coalesce(population, ''), claim) as change,
        coalesce(valid_from, '0001-01-01'::date) as start,
        coalesce(valid_to, '9999-12-31'::date) as stop
    from dated
    where evidence_level >= $evidence_level and likely is not null
),

cuts as (
    select distinct e.claim, e.change, e.start, e.stop, unnest([e.start, o.start, o.stop]) as cut
    from evidenced as e
    inner join evidenced as o on e.change = o.change and e.start < o.stop and o.start < e.stop
),

spans as (
    select claim, change, cut as start, lead(cut, 1, stop) over in_time as stop
    from cuts
    where cut >= start and cut < stop
    window in_time as (partition by claim order by cut)
),

scales as (
    select
        s.claim,
        s.start,
        s.stop,
        sum(o.part)::hugeint as total,
        (sum(o.part) filter (o.claim <= s.claim))::hugeint as part_stop,
        coalesce(sum(o.part) filter (o.claim < s.claim), 0)::hugeint as part_start
    from spans as s
    inner join evidenced as o on s.change = o.change and o.start < s.stop and s.start < o.stop
    group by all
),

figures as (
    select
        claim,
        unnest(['low', 'likely', 'high']) as figure,
        currency,
        per,
        valid_from,
        valid_to,
        null::date as first_day,
        null::date as after,
        part_floor(
            units(unnest([coalesce(low, likely), likely, coalesce(high, likely)])),
            part,
            1000000000000::hugeint
        ) as declared,
        ramp_months as ramp,
        plateau_months as plateau,
        decay
    from dated
    union all
    -- What is claimed above the whole of a change is scaled down to it, here alone.
    select
        c.claim,
        'evidenced',
        c.currency,
        c.per,
        c.valid_from,
        c.valid_to,
        s.start,
        s.stop,
        case
            when s.total <= 1000000000000
                then part_floor(units(c.likely), c.part, 1000000000000::hugeint)
            else
                part_floor(units(c.likely), s.part_stop, s.total)
                - part_floor(units(c.likely), s.part_start, s.total)
        end,
        c.ramp_months,
        c.plateau_months,
        c.decay
    from dated as c
    inner join scales as s on c.claim = s.claim
    union all
    -- What came in in a month came on each of its days alike.
    select
        claim,
        'realised',
        currency,
        'month',
        (month || '-01')::date,
        last_day((month || '-01')::date) + 1,
        null,
        null,
        units(amount),
        0,
        null,
        null
    from realised
),

parted as (
    select
        f.*,
        s.name,
        part_floor(f.declared, s.share_stop, 1000000000000::hugeint)
        - part_floor(f.declared, s.share_start, 1000000000000::hugeint) as amount
    from figures as f
    inner join shared as s on f.claim = s.claim
),

-- The month k of a ramp of n brings k / n of the amount, the last one and all after it the whole. The
-- month n of a decay brings the factor of the month before it, rounded down to a whole unit.
steps as (
    select
        *,
        unnest(range(1, ramp + 1)) as step,
        part_floor(amount, step * (step + 1) // 2, ramp)
        - part_floor(amount, step * (step - 1) // 2, ramp) as brings,
        (valid_from + to_months(step - 1))::date as since,
        (valid_from + to_months(step))::date as until
    from parted
    union all by name
    select
        *,
        ramp + 1 as step,
        amount as brings,
        (valid_from + to_months(ramp))::date as since,
        case
            when decay is not null then (valid_from + to_months(ramp + plateau))::date
        end as until
    from parted
    union all by name
    select
        *,
        ramp + 1 + n as step,
        list_reduce(
            range(n::bigint), lambda brought, i: part_floor(brought, decay, 1000000::hugeint), amount
        ) as brings,
        (valid_from + to_months(ramp + plateau + n - 1))::date as since,
        (valid_from + to_months(ramp + plateau + n))::date as until
    from (
        select
            p.*,
            unnest(
                range(
                    1, date_diff('month', p.valid_from, d.stop) - p.ramp - p.plateau + 2
                )
            )::integer as n
        from parted as p
        cross join (select max(stop) as stop from bill_days) as d
        where p.decay is not null
    ) as worn
),

-- The days of the bill on which a claim holds, and the days that its amount is spread over.
held as (
    select
        s.*,
        d.month,
        greatest(d.start, s.since, s.first_day) as start,
        least(d.stop, s.until, s.valid_to, s.after) as stop,
        case s.per
            when 'month' then d.first_day
            when 'quarter' then date_trunc('quarter', d.first_day)::date
            when 'year' then date_trunc('year', d.first_day)::date
            when 'once' then s.valid_from
            else d.start
        end as origin,
        case s.per
            when 'month' then last_day(d.first_day) + 1 - d.first_day
            when 'quarter'
                then
                    (date_trunc('quarter', d.first_day) + to_months(3))::date
                    - date_trunc('quarter', d.first_day)::date
            when 'year'
                then
                    (date_trunc('year', d.first_day) + to_months(12))::date
                    - date_trunc('year', d.first_day)::date
            when 'once' then s.valid_to - s.valid_from
            else 1
        end as days
    from steps as s
    inner join bill_days as d
        on coalesce(s.since < d.stop, true) and coalesce(s.valid_to > d.start, true)
)

select
    h.claim,
    h.name,
    h.month,
    h.currency,
    h.figure,
    h.step,
    c.evidence_level,
    part_floor(h.brings, h.stop - h.origin, h.days)
    - part_floor(h.brings, h.start - h.origin, h.days) as value
from held as h
inner join chosen as c on h.claim = c.claim
where h.start < h.stop
order by h.claim, h.name, h.month, h.figure, h.step, h.start
