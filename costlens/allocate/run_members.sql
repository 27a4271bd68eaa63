-- Whose work a run's own charges paid: its attempts, and what another source tells of in them that
-- has no other place.
-- Grain: one row per (place, attempt). Reads: tries, hosts.
select 'run:' || source || '/' || execution as place, attempt
from tries
union
select 'run:' || t.source || '/' || t.execution, h.attempt
from hosts as h
inner join tries as t on h.host = t.attempt
inner join tries as g on h.attempt = g.attempt
where h.lodges and g.source <> t.source
