-- connectors/sagemaker/findings.sql
-- Steps that name no execution cannot be put to a pipeline. Grain: at most one row.
-- Reads: pipeline_steps.
select
    'warning' as severity,
    'no_execution' as code,
    min(x_line) as line,
    'these steps do not say which execution they are of (' || count(*) || ' steps): left out' as message,
    'aws sagemaker list-pipeline-execution-steps --pipeline-execution-arn ARN --query '
    || '"{PipelineExecutionArn: ''ARN'', PipelineExecutionSteps: PipelineExecutionSteps}" writes it '
    || 'beside them' as hint
from pipeline_steps
where PipelineExecutionArn is null
having count(*) > 0
