-- What the jobs made whose outputs were measured. Grain: one row per (job, target).
-- Reads: jobs, part_weights.
select
    j.job,
    j.stage || '/' || substr(w.target, strpos(w.target, ':') + 1) as stage,
    w.target,
    row_number() over (partition by j.job order by w.target) as position,
    w.kind,
    w.weight,
    sum(w.weight) over (partition by j.job) as weights,
    case w.kind when 'work_s' then 'B' else 'C' end as grade
from jobs as j
inner join part_weights as w on j.source = w.source and j.execution = w.execution and j.part = w.part
where j.measured
