"""What is due is made once, in people's own time; what was missed is caught up, and no more."""

from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from company import Company
from desks import APRIL, declare, office

from costlens.report.due import moments, patience
from costlens.report.ledger import Event, Ledger

DAILY = {"name": "daily", "question": "cost_by_feature", "schedule": "0 7 * * *", "to": "out"}


def editions(folder: Path, report: str = "daily") -> list[str]:
    return sorted(path.name for path in (folder / "lake.editions" / report).glob("*"))


def test_a_new_schedule_owes_nothing_and_then_one_edition_a_moment(
    paid: Company, tmp_path: Path
) -> None:
    desk = office(paid, tmp_path / "w", {**DAILY, "window": "last 7 days"})
    assert desk.due("2026-05-10T08:00") == 0
    assert editions(tmp_path / "w") == []
    for minute in ("06:59", "07:00", "07:01", "07:02", "23:59"):
        assert desk.due(f"2026-05-11T{minute}") == 0
    assert editions(tmp_path / "w") == ["2026-05-11T07-00Z"]
    assert [path.name for path in (tmp_path / "w" / "out" / "daily").iterdir()] == [
        "2026-05-04_2026-05-10"
    ]
    assert desk.states == ["sent"]


def test_days_that_were_missed_are_caught_up_each_with_its_own_window(
    paid: Company, tmp_path: Path
) -> None:
    desk = office(paid, tmp_path / "w", {**DAILY, "window": "last 7 days"})
    desk.due("2026-05-10T08:00")
    assert desk.due("2026-05-13T09:00") == 0
    assert editions(tmp_path / "w") == [f"2026-05-{day}T07-00Z" for day in (11, 12, 13)]
    windows = [path.name for path in sorted((tmp_path / "w" / "out" / "daily").iterdir())]
    assert windows == [f"2026-05-{day:02}_2026-05-{day + 6:02}" for day in (4, 5, 6)]


def test_of_missed_moments_with_one_window_the_last_is_made(paid: Company, tmp_path: Path) -> None:
    desk = office(paid, tmp_path / "w", {**DAILY, "window": "month to date"})
    desk.due("2026-04-10T08:00")
    assert desk.due("2026-05-02T09:00") == 0
    assert editions(tmp_path / "w") == ["2026-04-30T07-00Z", "2026-05-02T07-00Z"]


def test_another_schedule_owes_nothing_of_before(paid: Company, tmp_path: Path) -> None:
    desk = office(paid, tmp_path / "w", DAILY)
    desk.due("2026-05-10T08:00")
    declare(tmp_path / "w", {**DAILY, "schedule": "0 5 * * *"})
    assert desk.due("2026-05-12T08:00") == 0
    assert editions(tmp_path / "w") == []
    desk.due("2026-05-13T05:00")
    assert editions(tmp_path / "w") == ["2026-05-13T05-00Z"]


def test_the_window_is_that_of_the_day_on_the_wall(paid: Company, tmp_path: Path) -> None:
    first = {**DAILY, "schedule": "30 0 1 * *", "zone": "Europe/Berlin", "window": "last month"}
    desk = office(paid, tmp_path / "w", first)
    desk.due("2026-04-30T12:00")
    desk.due("2026-04-30T22:30")  # half past midnight of the first of May in Berlin
    assert editions(tmp_path / "w") == ["2026-04-30T22-30Z"]
    assert (tmp_path / "w" / "out" / "daily" / "2026-04").is_dir()


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        # Berlin leaves out 02:00 to 03:00 on 29 March: what is due then is made up for at 03:00.
        ("30 2 * * *", "2026-03-27T12:00", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        # and has 02:30 twice on 25 October: it counts once.
        ("30 2 * * *", "2026-10-23T12:00", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("0 7 * * *", "2026-10-24T12:00", ["10-25 06:00", "10-26 06:00"]),
        ("0 7 * * *", "2026-03-28T12:00", ["03-29 05:00", "03-30 05:00"]),
        # Of every hour there is one more then.
        (
            "0 * * * *",
            "2026-10-24T22:30",
            ["10-24 23:00", "10-25 00:00", "10-25 01:00", "10-25 02:00"],
        ),
    ],
)
def test_a_change_of_the_clock_loses_no_edition_and_doubles_none(
    schedule: str, after: str, expected: list[str]
) -> None:
    found = islice(moments(schedule, "Europe/Berlin", datetime.fromisoformat(after)), len(expected))
    assert [f"{moment:%m-%d %H:%M}" for moment in found] == expected


def test_an_edition_waits_for_a_bill_that_is_not_complete(paid: Company, tmp_path: Path) -> None:
    monthly = {**DAILY, "schedule": "0 7 1 * *", "window": "last month", "complete": True}
    desk = office(paid, tmp_path / "w", monthly)
    desk.due("2026-04-30T08:00")
    desk.due("2026-05-01T08:00")
    assert editions(tmp_path / "w") == ["2026-05-01T07-00Z"]  # April's bill is complete
    for day in (1, 2, 20):
        assert desk.due(f"2026-06-{day:02}T08:00") == 0
    assert editions(tmp_path / "w") == ["2026-05-01T07-00Z"]  # May's ends on the twentieth


def test_a_report_that_cannot_be_made_is_told_and_tried_again(
    paid: Company, tmp_path: Path
) -> None:
    mine = {"name": "mine", "sql": "mine.sql", "schedule": "0 7 * * *", "to": "out"}
    (tmp_path / "w").mkdir()
    (tmp_path / "w").rmdir()
    desk = office(paid, tmp_path / "w")
    (tmp_path / "w" / "mine.sql").write_text("select nope from ledger")
    declare(tmp_path / "w", mine, DAILY)
    desk.due("2026-05-10T08:00")
    assert desk.due("2026-05-11T07:00") == 1
    assert desk.due("2026-05-11T07:04") == 0  # not yet again
    assert sorted(desk.states) == ["broken", "sent"]  # the other one went out
    (tmp_path / "w" / "mine.sql").write_text(
        "select $basis as basis, sum(billed) as billed from ledger"
    )
    assert desk.due("2026-05-11T07:06") == 0
    assert desk.states == ["sent", "sent"]
    assert desk.due("2026-05-11T07:20") == 0
    assert desk.states == ["sent", "sent"]


def test_a_ledger_whose_last_line_was_cut_goes_on(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "lake")
    ledger.folder.mkdir()
    at = datetime(2026, 5, 1)
    ledger.note(Event(at=at, what="made", report="a", edition="1", places=["x"]))
    with (ledger.folder / "ledger.jsonl").open("a") as file:
        file.write('{"at": "2026-05-0')
    ledger.note(Event(at=at, what="sent", report="a", edition="1", to="x"))
    assert [event.what for event in ledger.events()] == ["made", "sent"]
    assert ledger.events()[0].at == at


def test_two_runs_at_once_are_one(paid: Company, tmp_path: Path) -> None:
    desk = office(paid, tmp_path / "w", DAILY)
    desk.due("2026-05-10T08:00")
    with desk.at("2026-05-11T07:00").ledger.held():
        assert desk.due("2026-05-11T07:00") == 0
        ran = desk.company.run("report", "run", "daily")
        assert (ran.code, editions(tmp_path / "w")) == (1, [])
        assert "another run makes reports just now" in ran.err
    desk.due("2026-05-11T07:00")
    assert len(editions(tmp_path / "w")) == 1


def test_patience_grows_to_hours() -> None:
    assert [patience(tries) for tries in (1, 2, 3)] == [
        timedelta(minutes=minutes) for minutes in (5, 10, 20)
    ]
    assert patience(40) == timedelta(hours=6)


def test_restatements_are_those_since_the_edition_before(paid: Company, tmp_path: Path) -> None:
    restated = {"name": "changes", "question": "restatements", "window": "all", "to": "out"}
    desk = office(paid, tmp_path / "w", restated)
    folder = tmp_path / "w"

    def told() -> str:
        assert desk.company.run("report", "run", "changes").code == 0
        return (folder / "out" / "changes" / "all" / "changes_all.csv").read_text()

    assert told().count("\n") == 1  # the first edition knows of no earlier one
    bill = folder / "billing" / "04.csv"
    bill.write_text(bill.read_text().replace(",24,", ",25,", 1))
    desk.company.refresh()
    (row,) = told().splitlines()[1:]
    assert row.startswith("bill,2026-04,USD,50.100000000001,51.100000000001,1,")
    assert told().count("\n") == 1  # told once


def test_reports_are_listed_with_when_they_are_due(paid: Company, tmp_path: Path) -> None:
    desk = office(paid, tmp_path / "w", DAILY, {"name": "by_hand", **APRIL})
    rows = desk.company.ask("report", "list")
    assert [row["report"] for row in rows] == ["daily", "by_hand"]
    assert rows[0]["next_due"].endswith("07:00:00")
    assert rows[1]["next_due"] == ""


def test_an_edition_whose_files_were_deleted_is_given_up(paid: Company, tmp_path: Path) -> None:
    import shutil

    mail = {"host": "127.0.0.1", "port": 1, "sender": "a@b.example"}
    to = [{"mail": ["a@b.example"]}]
    desk = office(paid, tmp_path / "w", {**DAILY, "window": "2026-04", "to": to}, mail=mail)
    desk.due("2026-05-10T08:00")
    assert desk.due("2026-05-11T07:00") == 1
    shutil.rmtree(tmp_path / "w" / "lake.editions" / "daily")
    assert desk.due("2026-05-11T07:10") == 1
    assert desk.states == ["given_up"]
    assert desk.due("2026-05-11T07:20") == 0


def test_the_server_of_the_pages_tells_prometheus_of_failures(
    paid: Company, tmp_path: Path
) -> None:
    from costlens.web.app import create_app

    desk = office(paid, tmp_path / "w", {**DAILY, "window": "last 7 days"})
    desk.due("2026-05-10T08:00")
    client = create_app(tmp_path / "w" / "lake").server.test_client()

    def told() -> list[str]:
        lines = client.get("/metrics").text.splitlines()
        return [line for line in lines if line.startswith("costlens_report_failures{")]

    assert told() == ['costlens_report_failures{report="daily"} 0.0']
    (tmp_path / "w" / "out").write_text("in the way")
    assert desk.due("2026-05-11T07:00") == 1
    assert told() == ['costlens_report_failures{report="daily"} 1.0']
    (tmp_path / "w" / "out").unlink()
    assert desk.due("2026-05-11T09:00") == 0
    assert told() == ['costlens_report_failures{report="daily"} 0.0']
