"""The views of a connection show what was opened on it last, whoever opened it."""

from datetime import datetime
from pathlib import Path

import duckdb

from costlens.lake import Lake

NOW = datetime(2026, 11, 21)


def test_a_draft_opened_again_shows_its_own_rows_after_a_build_was_looked_at(
    tmp_path: Path,
) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.writing() as draft:
        build = draft.publish(
            built_at=NOW, engine="", inputs={}, settings={}, book={}, periods={}, totals={}
        )
    with duckdb.connect() as con, lake.writing() as draft:
        draft.write(con, "catalogue", "select 'churn' as node")
        draft.open(con)
        assert con.execute("select node from catalogue").fetchall() == [("churn",)]
        lake.open(con, build)
        assert con.execute("select node from catalogue").fetchall() == []
        draft.open(con)
        assert con.execute("select node from catalogue").fetchall() == [("churn",)]
