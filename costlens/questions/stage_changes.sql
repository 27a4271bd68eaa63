-- How an amount moved, stage by stage: what it is made of now, and what the one before was.
-- Grain: one row per (stage, service, class, currency), the largest change first.
-- Reads: stages_now and stages_before, both kept (stage_parts).
select
    coalesce(n.stage, b.stage) as stage,
    coalesce(n.service, b.service) as service,
    coalesce(n.class, b.class) as class,
    coalesce(b.amount, 0)::decimal(38, 12) as before,
    coalesce(n.amount, 0)::decimal(38, 12) as amount,
    (coalesce(n.amount, 0) - coalesce(b.amount, 0))::decimal(38, 12) as change,
    coalesce(n.currency, b.currency) as currency
from stages_now as n
full join stages_before as b
    on
        n.stage = b.stage
        and n.service is not distinct from b.service
        and n.class is not distinct from b.class
        and n.currency = b.currency
order by abs(change) desc, stage, service, class, currency
