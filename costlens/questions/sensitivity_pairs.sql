-- Which targets cost at least as much as which others under every rule that lets nobody subsidise
-- another: those that alone save what the other would cost by itself. The closest pairs first.
-- Grain: one row per (name, other, currency). Reads: by_method, which is kept before. Takes: $most.
select
    a.name,
    b.name as other,
    a.currency,
    a.avoidable,
    b.stand_alone as stand_alone_of_other,
    (a.avoidable - b.stand_alone)::decimal(38, 12) as margin
from by_method as a
inner join by_method as b
    on a.currency = b.currency and a.name <> b.name and a.avoidable >= b.stand_alone
order by a.currency, margin, a.name, b.name
limit $most
