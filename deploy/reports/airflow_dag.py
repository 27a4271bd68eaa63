"""Refresh CostLens, then make and send the reports that are due; each hour, one run at a time."""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

WHERE = {"COSTLENS_CONFIG": "/srv/costlens"}

with DAG(
    dag_id="costlens_reports",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
) as dag:
    refresh = BashOperator(
        task_id="refresh", bash_command="costlens refresh", env=WHERE, append_env=True
    )
    reports = BashOperator(
        task_id="reports",
        bash_command="costlens report run --due",
        env=WHERE,
        append_env=True,
        trigger_rule="all_done",  # a bill that cannot be read is no reason to send nothing
    )
    refresh >> reports
    # A run is as its last tasks are: without this one, a refresh that failed would not show.
    [refresh, reports] >> EmptyOperator(task_id="both_went_well")
