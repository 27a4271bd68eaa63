-- Every declared benefit as it was declared: who stands for it, what proves it, when it is to be looked at
-- again, and what was measured of it. Amounts are in the claim's own currency and per its own period.
-- Grain: one row per claim. Reads: claims, realised. Takes: $as_of, the day that reviews are held against;
-- $target, a name, or empty for all; $owner, or null.
with measured as (
    select
        claim,
        sum(amount) as realised,
        any_value(currency) as currency,
        min(month) as first_month,
        max(month) as last_month
    from realised
    group by claim
    having count(distinct currency) <= 1
)

select
    split_part(c.target, ':', 1) as level,
    substr(c.target, strpos(c.target, ':') + 1) as target,
    c.name,
    c.type,
    c.metric,
    c.population,
    c.owner,
    c.approver,
    c.low,
    c.likely,
    c.high,
    c.currency,
    c.per,
    c.valid_from,
    c.valid_to,
    c.evidence_level,
    c.evidence,
    c.counterfactual,
    c.cashable,
    m.realised::decimal(38, 12) as realised,
    m.last_month as realised_to,
    c.review_on,
    c.review_on <= $as_of as is_due,
    c.read_from
from claims as c
left join measured as m on c.claim = m.claim
where
    c.side = 'benefit'
    and ($target = '' or substr(c.target, strpos(c.target, ':') + 1) = $target)
    and ($owner::varchar is null or c.owner = $owner)
order by is_due desc nulls last, c.review_on nulls last, level, target, c.name
