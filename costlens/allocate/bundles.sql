-- The one pass over the bill: lines that are split alike, added up.
-- Grain: one row per (source, owner, rule, service, class, currency, span, unit of use).
-- Reads: matched_lines.
with added as (
    select
        source,
        owner,
        place,
        kind,
        tier,
        rule,
        reason,
        service,
        charge_class,
        currency,
        span_start,
        span_stop,
        unit,
        machine_details,
        sum(quantity) as quantity,
        sum(billed)::decimal(38, 12) as billed,
        sum(effective)::decimal(38, 12) as effective,
        count(*) as line_count
    from matched_lines
    group by all
)

select
    *,
    row_number() over (
        order by
            source,
            place,
            rule,
            service,
            charge_class,
            currency,
            span_start,
            span_stop,
            unit,
            machine_details,
            owner,
            tier,
            reason
    ) as bundle
from added
