-- How long each attempt ran within each billed span of its resource, in microseconds.
-- Grain: one row per (place, span, attempt) that overlap. Reads: span_times.
select place, span_start, span_stop, attempt, sum(micros(start, stop))::hugeint as overlap_us
from span_times
group by all
