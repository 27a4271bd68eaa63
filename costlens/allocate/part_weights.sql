-- The weight of each thing a part made, in the kind its run is split by, as a whole number.
-- Grain: one row per (source, execution, part, target). Reads: part_targets, run_weights.
select
    p.source,
    p.execution,
    p.part,
    p.target,
    coalesce(w.kind, 'even') as kind,
    count(*) over (partition by p.source, p.execution, p.part) as siblings,
    -- What made one thing needs no weight.
    case
        when count(*) over (partition by p.source, p.execution, p.part) = 1 then 1
        else case coalesce(w.kind, 'even')
            when 'work_s' then p.work_s * 1000000
            when 'values' then p.value_count * 1000000
            when 'rows' then p.row_count * 1000000
            when 'bytes' then p.bytes * 1000000
            when 'columns' then p.column_count * 1000000
            when 'declared' then p.declared * 1000000
            else 1
        end
    end::hugeint as weight
from part_targets as p
left join run_weights as w on p.source = w.source and p.execution = w.execution
