"""Write an answer to a Parquet file, with the types that it has."""

from decimal import Decimal
from pathlib import Path

from costlens.errors import CostLensError
from costlens.money import plain
from costlens.questions.ask import Answer


def write_parquet(answer: Answer, out: Path) -> None:
    """Write an answer to a file; money stays `DECIMAL(38,12)`."""
    import duckdb

    # A HUGEINT would silently become DOUBLE in Parquet.
    kinds = ["DECIMAL(38,0)" if kind == "HUGEINT" else kind for kind in answer.types]
    columns = ", ".join(
        f'unnest($c{index}::{kind}[]) as "{name}"'
        for index, (name, kind) in enumerate(zip(answer.columns, kinds, strict=True))
    )
    values = {
        f"c{index}": [
            plain(row[index]) if isinstance(row[index], Decimal) else row[index]
            for row in answer.rows
        ]
        for index in range(len(answer.columns))
    }
    with duckdb.connect() as con:
        con.execute(f"create table answer as select {columns}", values)
        try:
            con.execute("copy answer to '{}' (format parquet)".format(str(out).replace("'", "''")))
        except duckdb.IOException as error:
            reason = str(error).rpartition(": ")[2]
            raise CostLensError(f"cannot write: {reason}", where=str(out)) from error
