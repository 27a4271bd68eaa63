-- Does it tie to the bill? Where all of each bill went, in both bases.
-- A closed month ties to the bill that it was closed with. What was delivered for it since is `held`: by how
-- much that bill is another one; a source or currency that came only since is a row of zeros beside it.
-- Grain: one row per (source, period, currency, basis). Reads: loads, stage_costs, closings.
-- Takes: $start, $stop, $first and $after: billing periods that touch the window.
with delivered as (
    select *, superseded_by is not null as is_held
    from loads
    where
        makes = 'charges'
        and (superseded_by is null or superseded_by = '(held)')
        and period || '-01' < strftime($stop::date, '%Y-%m-%d')
        and period >= strftime($start::date, '%Y-%m')
        and period >= $first
        and period < $after
),

-- A delivery that is held back takes the place of all currencies of the one that counts.
replaced as (
    select distinct source, period
    from delivered
    where is_held
),

bills as (
    select
        d.source,
        d.period,
        d.currency,
        coalesce(sum(d.source_billed) filter (not d.is_held), 0) as source_billed,
        coalesce(sum(d.source_effective) filter (not d.is_held), 0) as source_effective,
        coalesce(sum(d.billed) filter (not d.is_held), 0) as billed,
        coalesce(sum(d.effective) filter (not d.is_held), 0) as effective,
        coalesce(sum(d.residual_billed) filter (not d.is_held), 0) as residual_billed,
        coalesce(sum(d.residual_effective) filter (not d.is_held), 0) as residual_effective,
        case
            when any_value(r.source) is not null
                then sum(case when d.is_held then d.source_billed else -d.source_billed end)
        end as held_billed,
        case
            when any_value(r.source) is not null
                then sum(case when d.is_held then d.source_effective else -d.source_effective end)
        end as held_effective
    from delivered as d
    left join replaced as r on d.source = r.source and d.period = r.period
    group by d.source, d.period, d.currency
),

went as (
    select
        source,
        billing_period as period,
        currency,
        outcome,
        sum(billed) as billed,
        sum(effective) as effective
    from stage_costs
    group by all
),

bases as (
    select
        source,
        period,
        currency,
        'billed' as basis,
        source_billed as source_total,
        billed as ingested,
        residual_billed as residual,
        held_billed as held
    from bills
    union all
    select
        source,
        period,
        currency,
        'effective',
        source_effective,
        effective,
        residual_effective,
        held_effective
    from bills
),

placed as (
    select
        b.*,
        coalesce(sum(w.amount) filter (w.outcome = 'allocated'), 0) as allocated,
        coalesce(sum(w.amount) filter (w.outcome = 'idle'), 0) as idle,
        coalesce(sum(w.amount) filter (w.outcome = 'unmatched'), 0) as unmatched,
        coalesce(sum(w.amount) filter (w.outcome = 'unneeded'), 0) as unneeded,
        coalesce(sum(w.amount) filter (w.outcome = 'stranded'), 0) as stranded,
        coalesce(sum(w.amount) filter (w.outcome = 'excluded'), 0) as excluded
    from bases as b
    left join (
        select source, period, currency, outcome, 'billed' as basis, billed as amount from went
        union all
        select source, period, currency, outcome, 'effective', effective from went
    ) as w
        on
            b.source = w.source
            and b.period = w.period
            and b.currency = w.currency
            and b.basis = w.basis
    group by all
)

select
    source,
    period,
    currency,
    basis,
    source_total,
    ingested,
    residual,
    allocated,
    idle,
    unmatched,
    unneeded,
    stranded,
    excluded,
    source_total - residual
    - (allocated + idle + unmatched + unneeded + stranded + excluded) as difference,
    case when c.month is null then 'open' else 'closed' end as state,
    case when c.month is not null then coalesce(held, 0) end as held
from placed
left join (select month from closings where reopened_at is null) as c on period = c.month
order by source, period, currency, basis
