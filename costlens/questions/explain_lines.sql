-- An amount, by the billing lines it comes from: those that were told, and the others in one row.
-- Grain: one row per (line, stage, way). The amounts re-add to the amount that is explained.
-- Reads: line_shares, chosen_lines, told_lines, bundles; explain_parts, explain_policies. Takes: $basis;
-- $period; $build.
with told as (
    select
        source || ':' || billing_period || ':' || x_line as line,
        sum(case $basis when 'billed' then billed else effective end)::decimal(38, 12) as amount,
        currency,
        day,
        stage,
        need,
        weights,
        service,
        class,
        tier,
        rule,
        grade,
        $build::bigint as build
    from line_shares
    where placement in (select placement from explain_parts where billing_period = $period)
    group by all
),

wholes as (
    select
        currency,
        sum(case $basis when 'billed' then billed else effective end)::decimal(38, 12) as amount
    from explain_parts
    where billing_period = $period
    group by currency
),

counted as (
    select
        c.currency,
        count(*) filter (t.line_number is null) as lines
    from chosen_lines as c
    left join told_lines as t on c.bundle = t.bundle and c.line_number = t.line_number
    group by c.currency
),

others as (
    select
        '(' || c.lines || ' more lines of ' || $period || ')' as line,
        (w.amount - coalesce(t.amount, 0))::decimal(38, 12) as amount,
        w.currency
    from wholes as w
    inner join counted as c on w.currency = c.currency
    left join (select currency, sum(amount) as amount from told group by currency) as t
        on w.currency = t.currency
    where c.lines > 0
),

given as (
    select
        step as line,
        sum(case $basis when 'billed' then billed else effective end)::decimal(38, 12) as amount,
        currency,
        'policy' as stage,
        service,
        class,
        grade,
        $build::bigint as build
    from explain_policies
    where billing_period = $period
    group by all
)

select *
from (
    select * from told
    union all by name
    select *, $build::bigint as build from others
    union all by name
    select * from given
) as rows
order by day is null, abs(amount) desc, line, day, stage, class, rule, grade
