-- What each target bears under each rule, how far apart they are, and its ranks by them.
-- Grain: one row per (name, currency). Reads: by_method, which is kept before.
with ranked as (
    select
        *,
        rank() over (partition by currency order by allocated desc) as rank,
        rank() over (partition by currency order by need_even desc) as rank_need_even,
        rank() over (partition by currency order by by_stand_alone desc) as rank_stand_alone,
        rank() over (partition by currency order by scrb desc) as rank_scrb
    from by_method
)

select
    name,
    currency,
    allocated,
    need_even,
    even,
    by_stand_alone,
    scrb,
    least(allocated, need_even, even, by_stand_alone, scrb) as lowest,
    greatest(allocated, need_even, even, by_stand_alone, scrb) as highest,
    greatest(allocated, need_even, even, by_stand_alone, scrb)
    - least(allocated, need_even, even, by_stand_alone, scrb) as range,
    rank,
    -- Evenly over all, everybody has the same rank.
    least(rank, rank_need_even, rank_stand_alone, rank_scrb) as best_rank,
    greatest(rank, rank_need_even, rank_stand_alone, rank_scrb) as worst_rank
from ranked
order by currency, allocated desc, name
