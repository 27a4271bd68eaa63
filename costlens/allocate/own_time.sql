-- How long each attempt was at work itself. Grain: one row per attempt. Reads: segments.
select attempt, sum(micros(start, stop))::hugeint as own_us
from segments
group by attempt
