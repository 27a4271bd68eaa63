-- bench/reading/lines.sql
-- What a month of AWS lines is made of. Grain: one row per line. Takes: $lines, how many.
-- 20,000 resources by the hour; of 100 lines 12 are covered by a savings plan, 12 negate them, and
-- 4 are of a reservation. Three in four lines are tagged.
select
    i,
    i % 20000 as resource,
    timestamp '2026-05-01' + to_hours(((i // 20000) % 744)::integer) as start,
    md5(i::varchar) || md5('b' || i) as id,
    md5((i % 20000)::varchar)[:17] as resource_id,
    ((1 + hash(i) % 900000)::decimal(18, 0) * 0.0000013719::decimal(12, 10))::decimal(18, 10) as cost,
    case
        when i % 100 < 12 then 'SavingsPlanCoveredUsage'
        when i % 100 < 24 then 'SavingsPlanNegation'
        when i % 100 < 28 then 'DiscountedUsage'
        else 'Usage'
    end as type,
    'arn:aws:savingsplans::111122223333:savingsplan/sp-' || i % 3 as plan,
    'arn:aws:ec2:us-east-1:444455550000:reserved-instances/r-' || i % 5 as reservation,
    (444455550000 + i % 20)::varchar as account,
    ['AmazonEC2', 'AmazonS3', 'AWSLambda', 'AmazonRDS', 'AWSDataTransfer', 'AmazonSageMaker'][
        1 + i % 6
    ] as code,
    ['Amazon Elastic Compute Cloud', 'Amazon Simple Storage Service', 'AWS Lambda',
        'Amazon Relational Database Service', 'AWS Data Transfer', 'Amazon SageMaker'][1 + i % 6]
        as product,
    ['us-east-1', 'eu-west-1', 'eu-central-1'][1 + i % 3] as region,
    'EUC1-BoxUsage:m5.' || ['large', 'xlarge', '2xlarge', '4xlarge'][1 + i % 4] as usage_type,
    'm5.' || ['large', 'xlarge', '2xlarge', '4xlarge'][1 + i % 4] as instance,
    (2 << (i % 4)::integer)::varchar as cores,
    i % 4 <> 3 as is_tagged
from range($lines) as t (i)
