-- Every pool at the stages it ends with, those that are needed in slices at their slices.
-- Grain: one row per placement, numbered by piece and position: the order that running sums go by when
-- an amount is traced back to its lines. Reads: ended, sliced, slices.
with settled as (
    select *
    from ended
    where node is null or (node, day) not in (select (stage, day) from slices)
    union all by name
    select *
    from sliced
)

select * exclude (piece, position), piece * 1048576 + position as placement
from settled
