"""`costlens init` where there is nothing to find, or something of the user's to keep."""

import os
import shutil
from pathlib import Path

import pytest
from company import costlens, write
from test_first_workspace import charge

from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.start.start import look
from costlens.start.start import write as write_workspace


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    write(tmp_path / "billing" / "bill-2026-05.csv", [charge()])
    return tmp_path


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    ran = costlens("init", str(tmp_path))
    assert ran.code == 1
    assert ran.err.startswith(f"costlens: {tmp_path}: nothing was recognised: nothing was written")
    assert list(tmp_path.iterdir()) == []


def test_only_unknown_files_are_listed_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "latin.csv").write_bytes(b"caf\xe9,b\n")
    (tmp_path / "no.parquet").write_text("no")
    (tmp_path / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00")
    (tmp_path / "no.db").write_bytes(b"SQLite format 3\0" + b"x" * 100)
    os.mkfifo(tmp_path / "pipe.csv")
    ran = costlens("init", str(tmp_path), "--format", "csv")
    assert ran.code == 1
    told = {row["path"]: row["note"] for row in ran.rows}
    assert told["pipe.csv"] == "neither a file nor a folder"
    assert told["gone.csv"] == "a link to nothing"
    assert told["latin.csv"] == "is not UTF-8 text"
    assert told["no.parquet"] == "is not a Parquet file"
    assert told["cut.csv.gz"] == "is cut short: its gzip data ends too early"
    assert told["no.db"].startswith("cannot be read as a SQLite database")
    assert told["notes.md"].startswith("no kind of file that is read")
    assert not (tmp_path / "costlens.yaml").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_is_told(exports: Path) -> None:
    secret = exports / "secret.csv"
    secret.write_text("a,b\n")
    secret.chmod(0)
    ran = costlens("init", str(exports), "--format", "csv")
    assert ran.code == 0
    assert "permission denied" in next(r["note"] for r in ran.rows if r["path"] == "secret.csv")


@pytest.mark.parametrize("there", ["costlens.yaml", "catalog"])
def test_what_a_user_has_is_never_overwritten(exports: Path, there: str) -> None:
    mine = exports / there
    if there == "catalog":
        mine.mkdir()
        mine = mine / "mine.yaml"
    mine.write_text("# mine\n")
    ran = costlens("init", str(exports))
    assert ran.code == 1
    assert f"{exports / there}: exists already: nothing was written" in ran.err
    assert "--dry-run" in ran.err
    assert "--into FOLDER" in ran.err
    assert mine.read_text() == "# mine\n"
    assert len(list(exports.iterdir())) == 2


def test_a_workspace_that_somebody_writes_meanwhile_stays(exports: Path) -> None:
    with connect() as con:
        looked = look(con, exports, into=exports, say=lambda _: None)
    (exports / "costlens.yaml").write_text("# theirs\n")
    with pytest.raises(CostLensError, match="exists already"):
        write_workspace(looked.files, exports)
    assert sorted(path.name for path in exports.iterdir()) == ["billing", "costlens.yaml"]


def test_a_folder_that_cannot_be_made_leaves_nothing(exports: Path) -> None:
    ran = costlens("init", str(exports), "--into", str(exports / "billing/bill-2026-05.csv/x"))
    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert [path.name for path in exports.iterdir()] == ["billing"]


def test_a_file_that_vanishes_while_it_is_read_is_told(exports: Path) -> None:
    bill = exports / "billing/bill-2026-05.csv"
    write(exports / "other.csv", [charge(BillingAccountId="2", BillingPeriodStart="2026-06-01")])

    def take_away(told: str) -> None:
        if told == "read other.csv" or told.startswith("read billing/"):
            bill.unlink(missing_ok=True)

    with connect() as con:
        looked = look(con, exports, into=exports, say=take_away)
    (billing, other) = looked.found
    assert billing.path == "billing/"
    assert billing.errors[0].where == "billing/bill-2026-05.csv"
    assert other.errors == []
    assert other.totals[0].lines == 1


def test_a_line_that_cannot_be_read_is_told_as_refresh_would_tell_it(exports: Path) -> None:
    write(exports / "billing" / "bill-2026-06.csv", [charge(cost="1.234,5")])
    ran = costlens("init", str(exports))
    assert ran.code == 0
    told = 'billing/bill-2026-06.csv:2: "1.234,5" in the column BilledCost is not an amount'
    assert told in ran.err
    assert "refresh will refuse until the errors above are put right" in ran.err
    again = costlens("refresh", "--config", str(exports))
    assert again.code == 1
    assert told in again.err


def test_two_deliveries_of_one_month_are_told_and_left_to_the_user(exports: Path) -> None:
    write(exports / "billing" / "bill-2026-05-corrected.csv", [charge(cost="2")])
    ran = costlens("init", str(exports))
    assert ran.code == 0
    told = "billing/bill-2026-05.csv: holds P: 1 in 2026-05, as billing/bill-2026-05-corrected.csv"
    assert told in ran.err
    again = costlens("refresh", "--config", str(exports))
    assert again.code == 1
    assert told in again.err


def test_a_copy_in_another_folder_counts_once(exports: Path) -> None:
    shutil.copytree(exports / "billing", exports / "old")
    ran = costlens("init", str(exports), "--format", "csv")
    assert [row["note"] for row in ran.rows] == [
        "",
        "left out: holds P: 1 in 2026-05, as billing/ does",
    ]
    assert "# - {name: old" in (exports / "costlens.yaml").read_text()
    assert costlens("refresh", "--config", str(exports)).code == 0


def test_another_currency_asks_for_its_rate(exports: Path) -> None:
    write(
        exports / "us" / "bill-2026-05.csv", [charge(BillingCurrency="USD", BillingAccountId="2")]
    )
    june = charge(BillingPeriodStart="2026-06-01", ChargePeriodStart="2026-06-01")
    write(exports / "eu" / "bill-2026-06.csv", [{**june, "ChargePeriodEnd": "2026-06-02"}])
    ran = costlens("init", str(exports))
    assert "lines such as 2026-05,USD,EUR,<rate>" in ran.err
    (exports / "fx.csv").write_text("month,from,to,rate\n2026-05,USD,EUR,0.9\n")
    assert costlens("refresh", "--config", str(exports)).code == 0


def test_a_workspace_inside_the_folder_is_not_swallowed(exports: Path) -> None:
    inner = exports / "other"
    inner.mkdir()
    (inner / "costlens.yaml").write_text("version: 1\n")
    write(inner / "bill.csv", [charge(BillingAccountId="9")])
    ran = costlens("init", str(exports), "--format", "csv")
    assert {row["path"]: row["note"] for row in ran.rows} == {
        "billing/": "",
        "other/": "a workspace of its own: it has a costlens.yaml",
    }
