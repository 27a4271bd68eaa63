-- connectors/azure/findings.sql
-- What is missing of a bill, or does not fit together. Grain: one row per finding.
-- Reads: source. Actual and amortized cost of one account and month have the same ordinary lines.
with lines as (
    select
        x_line,
        x_line // 10000000000 as file,
        x_kind as told,
        strftime(coalesce(utc(BillingPeriodStartDate), utc("Date")), '%Y-%m') as period,
        coalesce(upper(words(BillingCurrency)), currency_if_missing()) as currency,
        case
            when contains(words(BillingAccountId), ':') then words(BillingProfileId)
            else words(BillingAccountId)
        end as account,
        words(SubscriptionId) as subscription,
        lower(coalesce(words(ChargeType), 'usage')) as type,
        coalesce(
            replace(lower(words(PricingModel)), ' ', '') in ('reservation', 'savingsplan'),
            words(ReservationId) is not null
            or entry(json(AdditionalInfo), 'ReservationId') is not null
        ) or starts_with(lower(coalesce(words(ChargeType), '')), 'unused') as is_committed,
        exact(CostInBillingCurrency) as cost
    from source
),

files as (
    select
        file,
        coalesce(
            any_value(told),
            case
                when bool_or(starts_with(type, 'unused')) then 'amortized'
                when bool_or(is_committed and cost <> 0 and type <> 'purchase' and type <> 'refund')
                    then 'amortized'
                when bool_or(is_committed) then 'actual'
            end
        ) as kind
    from lines
    group by file
),

subscriptions as (
    select
        l.period,
        l.currency,
        l.account,
        l.subscription,
        min(l.x_line) as x_line,
        min(l.x_line) filter (l.is_committed) as committed_line,
        count(*) filter (l.is_committed) as committed_lines,
        sum(l.cost) filter (l.is_committed) as committed,
        sum(l.cost) filter (f.kind = 'actual' and not l.is_committed) as actual,
        sum(l.cost) filter (f.kind = 'amortized' and not l.is_committed) as amortized,
        bool_or(coalesce(f.kind = 'actual', false)) as has_actual,
        bool_or(coalesce(f.kind = 'amortized', false)) as has_amortized
    from lines as l
    join files as f on l.file = f.file
    group by l.period, l.currency, l.account, l.subscription
),

bills as (
    select
        period,
        currency,
        account,
        period || case when account is null then '' else ' of ' || account end as name,
        min(x_line) as x_line,
        min(committed_line) as committed_line,
        sum(committed_lines) as committed_lines,
        sum(committed) as committed,
        coalesce(sum(actual), 0) as actual,
        coalesce(sum(amortized), 0) as amortized,
        bool_or(has_actual) as has_actual,
        bool_or(has_amortized) as has_amortized
    from subscriptions
    group by period, currency, account
)

select
    'warning' as severity,
    'half_a_bill' as code,
    committed_line as x_line,
    name || ' has actual cost and no amortized cost: what its commitments cost effectively is not '
    || 'known on ' || committed_lines || ' lines, ' || plain(committed) || ' ' || currency || ' billed'
        as message,
    'export the amortized cost as well, into a folder of this source' as hint
from bills
where has_actual and not has_amortized and committed_lines > 0
union all
select
    'warning',
    'half_a_bill',
    committed_line,
    name || ' has amortized cost and no actual cost: BilledCost lacks what was paid for its '
    || 'commitments, whose use costs ' || plain(committed) || ' ' || currency || ' effectively',
    'export the actual cost as well, into a folder of this source'
from bills
where has_amortized and not has_actual and committed_lines > 0
union all
select
    'error',
    'half_a_bill',
    s.x_line,
    'the subscription ' || s.subscription || ' has ' || plain(s.actual) || ' ' || s.currency
    || ' of actual cost in ' || s.period || ' and no amortized cost, which others have',
    'export both for the same subscriptions, or each scope into a source of its own'
from subscriptions as s
join bills as b
    on
        s.period is not distinct from b.period
        and s.currency is not distinct from b.currency
        and s.account is not distinct from b.account
where b.has_amortized and not s.has_amortized and s.subscription is not null and s.actual <> 0
union all
select
    'warning',
    'uneven_exports',
    x_line,
    'ordinary lines of ' || name || ' come to ' || plain(actual) || ' ' || currency
    || ' in the actual and to ' || plain(amortized) || ' in the amortized cost, which counts',
    'have both exports run on the same day'
from bills
where has_actual and has_amortized and actual <> amortized
order by 1, 2, 3, 4
