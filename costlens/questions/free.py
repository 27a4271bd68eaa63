"""Answer a user's own SQL on a locked connection that reads one build and nothing else."""

from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.lake import Build, Lake
from costlens.questions.ask import Answer, answer


def ask_freely(lake: Lake, build: Build, sql: str) -> Answer:
    """Run exactly one select over the tables of a build."""
    import duckdb

    with connect() as con:
        try:
            statements = con.extract_statements(sql)
        except duckdb.Error as error:
            raise CostLensError(_first_line(error), where="query") from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise CostLensError(
                "query takes exactly one select",
                where="query",
                hint="for example: select * from ledger",
            )
        lake.open(con, build)
        con.execute("set allowed_paths = $paths", {"paths": lake.files(build)})
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        try:
            return answer(con, sql)
        except duckdb.Error as error:
            raise CostLensError(
                _first_line(error),
                where="query",
                hint='tables: costlens query "select table_name from information_schema.tables"',
            ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
