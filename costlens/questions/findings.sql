-- What is wrong or missing in the build, dearest first. Grain: one row per finding.
-- Reads: findings.
select severity, code, message, place, hint, billing_period as period, currency, effective as amount
from findings
order by severity = 'info', abs(effective) desc nulls last, code, place, message
