-- Who owns anything that costs. Grain: one row per owner. Reads: catalogue.
select distinct owner
from catalogue
where owner is not null and kind <> 'team'
order by owner
