-- connectors/aws_cur/unused.sql
-- The fee lines of commitments that something was left unused of, and what. Grain: one row per line; a
-- commitment whose fees do not say what was unused has its first one. Reads: typed.
-- What was paid for a commitment bit by bit, and what it covered; promise: the commitment in a month.
with promised as not materialized (
    select
        x_line,
        kind = 'RIFee' or kind = 'SavingsPlanRecurringFee' as is_fee,
        case when is_reservation then reservation_arn else plan_arn end as arn,
        {arn: arn, r: is_reservation, m: month_start, currency: currency} as promise,
        start,
        stop,
        price + coalesce(case when is_reservation then reservation_upfront else plan_upfront end, 0)
            as due,
        case when is_reservation then reserved_cost else plan_cost end as used,
        -- Which of two fees of one hour is the first, whatever their order in the file.
        [
            description, sub_account, code, usage_type, region, invoice,
            coalesce(json_text(tags), json_text(resource_tags), x_gathered::varchar)
        ] as written,
        case
            when is_reservation and coalesce(unused_upfront, unused_recurring) is not null
                then coalesce(unused_upfront, 0) + coalesce(unused_recurring, 0)
            -- A private price is in no column of the commitment itself: there it must be derived.
            when not is_reservation and (net is null or net = unblended)
                then plan_total - plan_used
        end as unused
    from typed
    where
        kind = 'RIFee'
        or kind = 'DiscountedUsage'
        or kind = 'SavingsPlanRecurringFee'
        or kind = 'SavingsPlanCoveredUsage'
),

fees as materialized (
    select *
    from promised
    where is_fee
),

-- Commitments with a fee that does not say what was unused: what their fees leave over, at the first.
-- Where every fee says it, the lines that used a commitment are not looked at.
unsaid as (
    select distinct promise
    from fees
    where unused is null
),

left_over as (
    select
        promise,
        sum(due) filter (where is_fee) - coalesce(sum(used) filter (where not is_fee), 0) as unused
    from promised
    semi join unsaid using (promise)
    group by promise
),

derived as (
    select
        promise,
        arg_min(f.x_line, (f.start, f.stop, f.written)) as x_line,
        min(f.start) as start,
        max(f.stop) as stop,
        any_value(o.unused) as unused
    from fees as f
    inner join left_over as o using (promise)
    group by promise
)

select x_line, start, stop, unused, false as is_derived
from fees
anti join derived using (promise)
where unused <> 0
union all
select x_line, start, stop, unused, true
from derived
where unused > 0
