-- What AWS' own words mean, for the packs that read its bills in any form.

-- service_of_aws(code, title): the name that people use for a service, from the product code of a
-- line and the long name of its product: both are in the list. Models that others sell on Bedrock go
-- by product codes of their own, and have "(Amazon Bedrock Edition)" behind their names. What is not
-- in the list goes by its long name, else by its code. A map, as DuckDB looks each distinct text of a
-- Parquet file up only once in it.
create or replace macro aws_services() as map {
    'AmazonApiGateway': 'Amazon API Gateway',
    'AmazonAthena': 'Amazon Athena',
    'AmazonBedrock': 'Amazon Bedrock',
    'AmazonBedrockAgentCore': 'Amazon Bedrock AgentCore',
    'AmazonBedrockFoundationModels': 'Amazon Bedrock',
    'Amazon Bedrock Service': 'Amazon Bedrock',
    'AmazonCloudFront': 'Amazon CloudFront',
    'AmazonCloudWatch': 'Amazon CloudWatch',
    'AmazonDocDB': 'Amazon DocumentDB',
    'Amazon DocumentDB (with MongoDB compatibility)': 'Amazon DocumentDB',
    'AmazonDynamoDB': 'Amazon DynamoDB',
    'AmazonEC2': 'Amazon EC2',
    'Amazon Elastic Compute Cloud': 'Amazon EC2',
    'AmazonECR': 'Amazon ECR',
    'AmazonECRPublic': 'Amazon ECR',
    'Amazon EC2 Container Registry (ECR)': 'Amazon ECR',
    'Amazon Elastic Container Registry': 'Amazon ECR',
    'AmazonECS': 'Amazon ECS',
    'Amazon EC2 Container Service': 'Amazon ECS',
    'Amazon Elastic Container Service': 'Amazon ECS',
    'AmazonEFS': 'Amazon EFS',
    'Amazon Elastic File System': 'Amazon EFS',
    'AmazonEKS': 'Amazon EKS',
    'Amazon Elastic Container Service for Kubernetes': 'Amazon EKS',
    'Amazon Elastic Kubernetes Service': 'Amazon EKS',
    'ElasticMapReduce': 'Amazon EMR',
    'Amazon Elastic MapReduce': 'Amazon EMR',
    'AmazonES': 'Amazon OpenSearch Service',
    'Amazon Elasticsearch Service': 'Amazon OpenSearch Service',
    'AmazonElastiCache': 'Amazon ElastiCache',
    'AmazonForecast': 'Amazon Forecast',
    'AmazonFSx': 'Amazon FSx',
    'AmazonGlacier': 'Amazon S3 Glacier',
    'Amazon Glacier': 'Amazon S3 Glacier',
    'AmazonGrafana': 'Amazon Managed Grafana',
    'AmazonKendra': 'Amazon Kendra',
    'AmazonKinesis': 'Amazon Kinesis',
    'AmazonKinesisAnalytics': 'Amazon Managed Service for Apache Flink',
    'Amazon Kinesis Analytics': 'Amazon Managed Service for Apache Flink',
    'AmazonKinesisFirehose': 'Amazon Data Firehose',
    'Amazon Kinesis Firehose': 'Amazon Data Firehose',
    'AmazonKinesisVideo': 'Amazon Kinesis Video Streams',
    'AmazonLex': 'Amazon Lex',
    'AmazonMCS': 'Amazon Keyspaces',
    'AmazonMemoryDB': 'Amazon MemoryDB',
    'AmazonML': 'Amazon Machine Learning',
    'AmazonMQ': 'Amazon MQ',
    'AmazonMSK': 'Amazon MSK',
    'Amazon Managed Streaming for Apache Kafka': 'Amazon MSK',
    'AmazonMWAA': 'Amazon MWAA',
    'Amazon Managed Workflows for Apache Airflow': 'Amazon MWAA',
    'AmazonNeptune': 'Amazon Neptune',
    'AmazonPersonalize': 'Amazon Personalize',
    'AmazonPolly': 'Amazon Polly',
    'AmazonPrometheus': 'Amazon Managed Service for Prometheus',
    'AmazonQuickSight': 'Amazon QuickSight',
    'AmazonRDS': 'Amazon RDS',
    'Amazon Relational Database Service': 'Amazon RDS',
    'AmazonRedshift': 'Amazon Redshift',
    'AmazonRekognition': 'Amazon Rekognition',
    'AmazonRoute53': 'Amazon Route 53',
    'AmazonS3': 'Amazon S3',
    'Amazon Simple Storage Service': 'Amazon S3',
    'AmazonS3GlacierDeepArchive': 'Amazon S3 Glacier Deep Archive',
    'AmazonSageMaker': 'Amazon SageMaker',
    'Amazon SageMaker AI': 'Amazon SageMaker',
    'AmazonSES': 'Amazon SES',
    'Amazon Simple Email Service': 'Amazon SES',
    'AmazonSNS': 'Amazon SNS',
    'Amazon Simple Notification Service': 'Amazon SNS',
    'AmazonStates': 'AWS Step Functions',
    'AmazonTextract': 'Amazon Textract',
    'AmazonTimestream': 'Amazon Timestream',
    'AmazonVPC': 'Amazon VPC',
    'Amazon Virtual Private Cloud': 'Amazon VPC',
    'AWSBackup': 'AWS Backup',
    'AWSBatch': 'AWS Batch',
    'AWSCloudTrail': 'AWS CloudTrail',
    'AWSConfig': 'AWS Config',
    'AWSDatabaseMigrationSvc': 'AWS DMS',
    'AWS Database Migration Service': 'AWS DMS',
    'AWSDataSync': 'AWS DataSync',
    'AWSDataTransfer': 'AWS Data Transfer',
    'AWSELB': 'Elastic Load Balancing',
    'AWSEvents': 'Amazon EventBridge',
    'CloudWatch Events': 'Amazon EventBridge',
    'AWSGlue': 'AWS Glue',
    'AWSLakeFormation': 'AWS Lake Formation',
    'AWSLambda': 'AWS Lambda',
    'AWSDeveloperSupport': 'AWS Support (Developer)',
    'AWSSupportBusiness': 'AWS Support (Business)',
    'AWSSupportEnterprise': 'AWS Support (Enterprise)',
    'AWSQueueService': 'Amazon SQS',
    'Amazon Simple Queue Service': 'Amazon SQS',
    'AWSSecretsManager': 'AWS Secrets Manager',
    'AWSSystemsManager': 'AWS Systems Manager',
    'AWSTransfer': 'AWS Transfer Family',
    'awskms': 'AWS KMS',
    'AWS Key Management Service': 'AWS KMS',
    'awswaf': 'AWS WAF',
    'comprehend': 'Amazon Comprehend',
    'datapipeline': 'AWS Data Pipeline',
    'transcribe': 'Amazon Transcribe',
    'translate': 'Amazon Translate',
    'ComputeSavingsPlans': 'AWS Savings Plans',
    'DatabaseSavingsPlans': 'AWS Savings Plans',
    'MachineLearningSavingsPlans': 'AWS Savings Plans',
    'Savings Plans for AWS Compute usage': 'AWS Savings Plans',
    'Savings Plans for AWS Machine Learning usage': 'AWS Savings Plans'
};

create or replace macro service_of_aws(code, title) as
    coalesce(
        aws_services()[code],
        aws_services()[title],
        case when contains(title, '(Amazon Bedrock Edition)') then 'Amazon Bedrock' end,
        regexp_replace(coalesce(title, code), '^(Amazon|AWS)([A-Z][a-z])', '\1 \2')
    );

-- meter_of_tokens(usage_type): which tokens of Bedrock a line meters, in the words of FOCUS' examples,
-- and null where it meters none. Input is -input-tokens, InputTokenCount or input_tokens_standard.
create or replace macro squeezed(usage_type) as
    lower(replace(replace(usage_type, '-', ''), '_', ''));

create or replace macro meter_of_tokens(usage_type) as
    case
        when not contains(squeezed(usage_type), 'token') then null
        when contains(squeezed(usage_type), 'cacheread') then 'Cache Read Input Tokens'
        when contains(squeezed(usage_type), 'cachewrite') then 'Cache Write Input Tokens'
        when regexp_matches(squeezed(usage_type), 'input[a-z]*token') then 'Input Tokens'
        when regexp_matches(squeezed(usage_type), 'output[a-z]*token') then 'Output Tokens'
    end;

-- model_of_bedrock(usage_type, title, model): the model as the bill names it: by the attribute of its
-- product, by the name of what is sold, else by the part of the usage type before its tokens.
create or replace macro model_of_bedrock(usage_type, title, model) as
    coalesce(
        model,
        case
            when contains(title, '(Amazon Bedrock Edition)')
                then trim(replace(title, '(Amazon Bedrock Edition)', ''))
        end,
        nullif(
            regexp_extract(
                usage_type,
                '^(?:(?:EU|[A-Z]{3}[0-9]+)-)?(.+?)(?:-mantle)?-(?:cache-|input-|output-)[a-z-]*token',
                1
            ),
            ''
        )
    );

-- details_of_tokens(model, meter): both as FOCUS has them in SkuPriceDetails; null without either.
create or replace macro details_of_tokens(model, meter) as
    nullif(
        '{' || concat_ws(
            ',',
            '"ModelId":' || to_json(model)::varchar,
            case meter
                when 'Input Tokens' then '"TokenDirection":"Input","TokenCacheAction":"Uncached"'
                when 'Cache Read Input Tokens'
                    then '"TokenDirection":"Input","TokenCacheAction":"Read"'
                when 'Cache Write Input Tokens'
                    then '"TokenDirection":"Input","TokenCacheAction":"Write"'
                when 'Output Tokens' then '"TokenDirection":"Output"'
            end
        ) || '}',
        '{}'
    );

-- details_of_machine(kind, cores, memory, gpus): the same for a machine.
create or replace macro details_of_machine(kind, cores, memory, gpus) as
    json_object(
        'InstanceType', kind,
        'CoreCount', try_cast(cores as decimal(12, 3)),
        'MemorySize', replace(memory, ',', ''),
        'GpuCount', try_cast(gpus as decimal(12, 3))
    )::varchar;

-- tags_of_aws(t): the object of a line's tags under the keys that people wrote. The forms of the report
-- spell one tag "user:team", "user_team" and "resourceTags/team". Those that AWS itself sets are flat in
-- some: the ones of containers, clusters and stacks get their own spelling back, so that "aws:eks:node"
-- has one name. No part here is longer than four words.
create or replace macro with_hyphens(t) as
    regexp_replace(
        t,
        '"(aws:(?:batch|cloudformation|ec2spot|eks|elasticmapreduce):[a-z0-9-]+)_([a-z0-9_]+":)',
        '"\1-\2',
        'g'
    );

create or replace macro own_spelling(t) as
    regexp_replace(
        with_hyphens(with_hyphens(with_hyphens(regexp_replace(
            replace(replace(replace(
                t,
                '"aws_autoscaling_group_name":', '"aws:autoscaling:groupName":'),
                '"aws_ecs_cluster_name":', '"aws:ecs:clusterName":'),
                '"aws_ecs_service_name":', '"aws:ecs:serviceName":'),
            '([{,])"aws_(batch|cloudformation|ec2spot|eks|elasticmapreduce)_',
            '\1"aws:\2:',
            'g'
        )))),
        '([{,])"aws_',
        '\1"aws:',
        'g'
    );

create or replace macro spelled_out(t) as
    case when contains(t, '"aws_') then own_spelling(t) else t end;

-- Only where an object has several forms is a pattern needed: it takes four times as long.
create or replace macro without_prefix(t) as
    case
        when contains(t, '"resourceTags/') or (contains(t, '"user:') and contains(t, '"user_'))
            then regexp_replace(t, '([{,])"(?:resourceTags/(?:user:)?|user[:_])', '\1"', 'g')
        when contains(t, '"user:') then replace(replace(t, '{"user:', '{"'), ',"user:', ',"')
        when contains(t, '"user_') then replace(replace(t, '{"user_', '{"'), ',"user_', ',"')
        else t
    end;

create or replace macro all_tags_of_aws(t) as
    list_transform(
        [
            case
                when contains(t, '"costCategory/')
                    then regexp_replace(t, '([{,])"costCategory/', '\1"cost_category:', 'g')
                else spelled_out(replace(t, '"aws_created_by":', '"aws:createdBy":'))
            end
        ],
        lambda named: without_prefix(named)
    )[1];

create or replace macro tags_of_aws(t) as
    case
        when contains(t, '"costCategory/') or contains(t, '"aws_') then all_tags_of_aws(t)
        else without_prefix(t)
    end;

-- categories_of_aws(t): the object of a line's cost categories under keys that say what they are.
create or replace macro categories_of_aws(t) as
    regexp_replace(t, '([{,])"([^"]+":)', '\1"cost_category:\2', 'g');

-- is_split_line(operation, parent): a pod's or task's part of a machine, told beside the machine's own
-- line. is_machine_time(type, code, usage_type): the time of an instance, which such parts are of: not
-- its traffic or its fees.
create or replace macro is_split_line(operation, parent) as
    parent is not null
    or coalesce(operation = 'EKSPod-EC2' or operation = 'ECSTask-EC2', false);

create or replace macro is_machine_time(type, code, usage_type) as
    code = 'AmazonEC2'
    and (type = 'Usage' or type = 'DiscountedUsage' or type = 'SavingsPlanCoveredUsage')
    and regexp_matches(usage_type, '(Box|Spot|Dedicated|Sched)Usage');
