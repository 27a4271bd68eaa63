"""Make the bills and run logs of the sample company. Run it here: python make_sample.py.

Everything is made up; the same seed gives the same rows. It needs DuckDB and nothing else.
"""

from making import activity, airflow, aws, cur, mlflow, runs, snowflake
from making.company import HERE, MONTHS


def main() -> None:
    """Write all files."""
    tries = runs.all_tries()
    trainings = runs.all_trainings(tries)
    for month in MONTHS:
        cur.write(HERE / "billing" / "aws", month, aws.lines_of(month, trainings))
        snowflake.write(HERE / "billing" / "snowflake", month)
    (HERE / "meta").mkdir(exist_ok=True)
    airflow.write(HERE / "meta" / "airflow.db", tries)
    mlflow.write(HERE / "meta" / "mlflow.db", trainings)
    activity.write(HERE / "meta" / "requests.csv")


if __name__ == "__main__":
    main()
