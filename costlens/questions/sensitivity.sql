-- What each target bears under each rule, how far apart they are, and its ranks by them.
-- Grain: one row per (name, currency). Reads: by_method, which is kept before.
with ranked as (
    select
        *,
        least(allocated, need_even, even, by_stand_alone, scrb, direct, reciprocal, step_down)
            as lowest,
        greatest(allocated, need_even, even, by_stand_alone, scrb, direct, reciprocal, step_down)
            as highest,
        rank() over (partition by currency order by allocated desc) as rank,
        rank() over (partition by currency order by need_even desc) as rank_need_even,
        rank() over (partition by currency order by by_stand_alone desc) as rank_stand_alone,
        rank() over (partition by currency order by scrb desc) as rank_scrb,
        rank() over (partition by currency order by direct desc) as rank_direct,
        rank() over (partition by currency order by reciprocal desc) as rank_reciprocal,
        rank() over (partition by currency order by step_down desc) as rank_step_down
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
    direct,
    reciprocal,
    step_down,
    lowest,
    highest,
    highest - lowest as range,
    rank,
    -- Evenly over all, everybody has the same rank.
    least(
        rank, rank_need_even, rank_stand_alone, rank_scrb, rank_direct, rank_reciprocal, rank_step_down
    ) as best_rank,
    greatest(
        rank, rank_need_even, rank_stand_alone, rank_scrb, rank_direct, rank_reciprocal, rank_step_down
    ) as worst_rank
from ranked
order by currency, allocated desc, name
