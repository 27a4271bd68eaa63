-- How many things of a level a reader asked for, what they cost, and what was declared for them.
-- Grain: one row. Reads: ranked. Takes: $currency, of all figures.
select
    count(*) filter (name not like '(%') as things,
    count(benefit) filter (name not like '(%') as with_benefit,
    coalesce(sum(cost) filter (name not like '(%'), 0)::decimal(38, 12) as cost,
    (sum(benefit) filter (name not like '(%'))::decimal(38, 12) as benefit,
    (sum(net) filter (name not like '(%'))::decimal(38, 12) as net,
    count(*) filter (name not like '(%' and net < 0) as at_a_loss,
    sum(cost)::decimal(38, 12) as bill,
    case when count(change) = count(*) then sum(change)::decimal(38, 12) end as bill_change,
    case when count(change) = count(*) then ratio(sum(change), sum(cost - change)) end
        as bill_change_share,
    $currency as currency
from ranked
