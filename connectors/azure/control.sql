-- connectors/azure/control.sql
-- What the source itself adds up to. Grain: one row per billing month and currency.
-- Reads: source. Billed is what the actual cost says, effective what the amortized cost says: of an
-- account and month that has both, ordinary lines are taken from the amortized cost, commitments'
-- purchases from the actual cost.
with lines as (
    select
        x_line // 10000000000 as file,
        x_kind as told,
        date_trunc('month', coalesce(utc(BillingPeriodStartDate), utc("Date"))) as month_start,
        coalesce(upper(words(BillingCurrency)), currency_if_missing()) as currency,
        case
            when words(BillingAccountId) like '%:%' then words(BillingProfileId)
            else words(BillingAccountId)
        end as account,
        lower(coalesce(words(ChargeType), 'usage')) as type,
        coalesce(
            replace(lower(words(PricingModel)), ' ', '') in ('reservation', 'savingsplan'),
            words(ReservationId) is not null
            or entry(json(AdditionalInfo), 'ReservationId') is not null
        ) or lower(ChargeType) like 'unused%' as is_committed,
        exact(CostInBillingCurrency) as cost
    from source
),

-- One row per file, month, account and sort of line.
sorts as (
    select
        file,
        month_start,
        currency,
        account,
        case
            when not coalesce(is_committed, false) then 'ordinary'
            when type in ('purchase', 'refund') then 'paid'
            else 'covered'
        end as sort,
        any_value(told) as told,
        bool_or(type like 'unused%') as has_unused,
        bool_or(cost <> 0) as has_cost,
        count(*) as lines,
        sum(cost) as cost,
        sum(trunc(cost, 12)) as cut
    from lines
    group by all
),

files as (
    select
        file,
        coalesce(
            any_value(told),
            case
                when bool_or(has_unused) or bool_or(sort = 'covered' and has_cost) then 'amortized'
                when bool_or(sort <> 'ordinary') then 'actual'
                else ''
            end
        ) as kind
    from sorts
    group by file
),

-- What counts: beside amortized cost only what was paid of the actual cost.
counted as (
    select
        s.*,
        f.kind,
        bool_or(f.kind = 'amortized') over bill as has_amortized,
        bool_or(f.kind = 'actual') over bill as has_actual
    from sorts as s
    join files as f on s.file = f.file
    window bill as (partition by s.month_start, s.currency, s.account)
),

sides as (
    select
        *,
        not (kind = 'amortized' and sort = 'covered') as is_billed,
        not (sort = 'paid' and (kind = 'amortized' or (has_amortized and has_actual)))
            as is_effective
    from counted
    where kind <> 'actual' or not has_amortized or sort = 'paid'
)

select
    strftime(month_start, '%Y-%m') as period,
    currency,
    sum(lines)::bigint as rows,
    sum(case when is_billed then cost else 0 end) as source_billed,
    sum(case when is_effective then cost else 0 end) as source_effective,
    sum(case when is_billed then cost - cut else 0 end) as residual_billed,
    sum(case when is_effective then cost - cut else 0 end) as residual_effective
from sides
group by month_start, currency
order by month_start, currency
