-- What was declared to come in on the days that were billed. Grain: one row per (claim, name, month,
-- figure, step of the ramp), where figure is low, likely or high; `value` is in whole units, null where a
-- claim has no money. Reads: claims, bill_days. Takes: $level, and a product's claims go to its models
-- and features by their declared share alone.
-- An amount per month counts for each day of a calendar month alike, one per quarter or year for each of
-- theirs, one that comes once on its first day or evenly over its days. What a window bears is the
-- difference of two running sums, so that windows add up to their whole and a whole month is the amount.
with keyed as (
    select
        claim,
        unnest(map_keys(share)) as node,
        units(unnest(map_values(share))) as share
    from (
        select claim, from_json(shares, '"MAP(VARCHAR, DECIMAL(38,12))"') as share
        from claims
        where $level <> 'product'
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
    select claim, product, 0, 1000000000000
    from claims
    where $level = 'product'
),

figures as (
    select
        c.claim,
        s.name,
        s.share_start,
        s.share_stop,
        c.evidence_level,
        c.currency,
        c.per,
        c.valid_from,
        case
            when c.per = 'once' and c.valid_to is null then c.valid_from + 1
            else c.valid_to
        end as valid_to,
        case
            when c.valid_from is null or c.per = 'once' then 1
            else greatest(c.ramp_months, 1)
        end as ramp,
        unnest(['low', 'likely', 'high']) as figure,
        part_floor(
            units(unnest([coalesce(c.low, c.likely), c.likely, coalesce(c.high, c.likely)])),
            units(c.claim_share::decimal(38, 12)),
            1000000000000::hugeint
        ) as declared
    from claims as c
    inner join shared as s on c.claim = s.claim
),

-- The month k of a ramp of n brings k / n of the amount, the last one and all after it the whole.
ramped as (
    select
        *,
        part_floor(declared, share_stop, 1000000000000::hugeint)
        - part_floor(declared, share_start, 1000000000000::hugeint) as amount,
        unnest(range(1, ramp + 1)) as k
    from figures
),

stepped as (
    select
        * exclude (valid_from, valid_to, amount),
        part_floor(amount, k * (k + 1) // 2, ramp) - part_floor(amount, k * (k - 1) // 2, ramp)
            as amount,
        valid_from as since,
        valid_to as until,
        case when k > 1 then (valid_from + to_months(k - 1))::date else valid_from end as valid_from,
        case
            when k < ramp then least(valid_to, (valid_from + to_months(k))::date)
            else valid_to
        end as valid_to
    from ramped
),

-- The days of the bill on which a claim holds, and the days that its amount is spread over.
held as (
    select
        s.*,
        d.month,
        greatest(d.start, s.valid_from) as start,
        least(d.stop, s.valid_to) as stop,
        case s.per
            when 'month' then d.first_day
            when 'quarter' then date_trunc('quarter', d.first_day)::date
            when 'year' then date_trunc('year', d.first_day)::date
            when 'once' then s.since
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
            when 'once' then s.until - s.since
            else 1
        end as days
    from stepped as s
    inner join bill_days as d
        on coalesce(s.valid_from < d.stop, true) and coalesce(s.valid_to > d.start, true)
)

select
    claim,
    name,
    month,
    currency,
    figure,
    k as step,
    evidence_level,
    part_floor(amount, stop - origin, days) - part_floor(amount, start - origin, days) as value
from held
where start < stop
order by claim, name, month, figure, step
