-- connectors/snowflake/usage_lines.sql
-- The lines of the bill, typed. Grain: one row per line of the view.
-- Reads: usage_in_currency_daily.
select
    x_line,
    money(USAGE_IN_CURRENCY) as cost,
    upper(words(CURRENCY)) as currency,
    utc(USAGE_DATE) as start,
    coalesce(words(ORGANIZATION_NAME), words(CONTRACT_NUMBER)) as organisation,
    words(ACCOUNT_NAME) as account_name,
    coalesce(words(ACCOUNT_LOCATOR), words(ACCOUNT_NAME)) as account,
    words(REGION) as region,
    words(SERVICE_LEVEL) as edition,
    words(USAGE_TYPE) as usage_type,
    lower(words(SERVICE_TYPE)) as service_type,
    lower(words(RATING_TYPE)) as rating,
    replace(lower(words(BILLING_TYPE)), ' ', '_') as billing,
    lower(words(BALANCE_SOURCE)) as paid_by,
    quantity(USAGE) as used,
    coalesce(lower(words(IS_ADJUSTMENT)) in ('true', 't', '1', 'yes'), false) as is_adjustment
from usage_in_currency_daily
