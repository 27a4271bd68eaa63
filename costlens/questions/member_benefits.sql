-- What each target that has a benefit in money is likely to bring on the days that were billed.
-- Grain: one row per name, in units times units of the rate. Reads: benefits, rates.
select b.name, sum(b.value * r.rate)::hugeint as benefit
from benefits as b
inner join rates as r on b.month = r.month and b.currency = r.currency
where b.figure = 'likely' and b.value is not null
group by b.name
order by b.name
