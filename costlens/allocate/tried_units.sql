-- What the size of each attempt is made of, in millionths: a vCPU weighs 9, a GB 1, a GPU 90.
-- Grain: one row per (attempt, unit that it has any of). Reads: tries.
with held as (
    select
        attempt,
        unnest(
            [
                {'of_unit': 'vcpu', 'weight': 9 * (made_of).vcpu},
                {'of_unit': 'memory_gb', 'weight': (made_of).memory_gb},
                {'of_unit': 'gpu', 'weight': 90 * (made_of).gpu}
            ],
            recursive := true
        )
    from tries
    where coalesce((made_of).vcpu, (made_of).memory_gb, (made_of).gpu) is not null
)

select
    attempt,
    of_unit,
    (weight * 1000000)::hugeint as weight,
    sum((weight * 1000000)::hugeint) over (partition by attempt)::hugeint as weights
from held
where weight > 0
