-- connectors/sagemaker/features_taken.sql
-- Which feature groups each job took its input from: where the offline store of one lies, its table in
-- Athena, or the output of another job that took from it. Grain: one row per (job, feature group).
-- Reads: training_jobs, processing_jobs, feature_groups.
with recursive stores as (
    select
        FeatureGroupName as feature,
        regexp_replace(rtrim(max_by(OfflineUri, x_line), '/'), '/data$', '') as uri,
        lower(max_by(TableName, x_line)) as table_name
    from feature_groups
    group by FeatureGroupName
),

inputs as (
    select
        TrainingJobArn as arn,
        rtrim(
            unnest(json_extract_string(InputDataConfig, '$[*].DataSource.S3DataSource.S3Uri')), '/'
        ) as uri
    from training_jobs
    union
    select
        ProcessingJobArn,
        rtrim(unnest(json_extract_string(ProcessingInputs, '$[*].S3Input.S3Uri')), '/')
    from processing_jobs
),

-- Each input with every folder it lies in.
folders as (
    select distinct
        arn,
        array_to_string(parts[:depth], '/') as uri
    from (
        select
            arn,
            string_split(uri, '/') as parts,
            unnest(range(4, len(string_split(uri, '/')) + 1)) as depth
        from inputs
        where uri is not null
    ) as cut
),

queries as (
    select
        ProcessingJobArn as arn,
        unnest(
            regexp_extract_all(
                lower(
                    array_to_string(
                        json_extract_string(
                            ProcessingInputs,
                            '$[*].DatasetDefinition.AthenaDatasetDefinition.QueryString'
                        ),
                        ' '
                    )
                ),
                '[a-z0-9_]+'
            )
        ) as word
    from processing_jobs
),

written as (
    select distinct
        ProcessingJobArn as arn,
        rtrim(unnest(json_extract_string(Outputs, '$[*].S3Output.S3Uri')), '/') as uri
    from processing_jobs
),

taken as (
    select f.arn, s.feature
    from folders as f
    inner join stores as s on f.uri = s.uri
    union
    select q.arn, s.feature
    from queries as q
    inner join stores as s on q.word = s.table_name
    union
    -- What a job takes from the output of another, that took before.
    select f.arn, t.feature
    from taken as t
    inner join written as w on t.arn = w.arn
    inner join folders as f on w.uri = f.uri and f.arn <> w.arn
)

select distinct arn, feature
from taken
