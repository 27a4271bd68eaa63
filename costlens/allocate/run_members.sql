-- Whose work a run's own charges paid: its attempts, and what runs in them and has no other place.
-- Grain: one row per (place, attempt). Reads: tries, hosts.
select 'run:' || source || '/' || execution as place, attempt
from tries
union
select 'run:' || t.source || '/' || t.execution, h.attempt
from hosts as h
inner join tries as t on h.host = t.attempt
where h.lodges
