"""An edition arrives as it was made, once; what fails is told, tried again, and never doubled."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from company import Company
from desks import APRIL, Office, declare, office
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from object_store import KEY, Store, reset
from object_store import SECRET as S3_SECRET
from post_office import SECRET, Chat, Post, chat, post_office

from costlens.report import run
from costlens.report.ledger import Event, Ledger

COMMAND = (sys.executable, "-c", "from costlens.cli import main; main()")
PATIENCE = 60  # seconds
NAME = "books_2026-04.csv"


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setenv("SMTP_PASSWORD", SECRET)
    with post_office(tmp_path) as opened:
        yield opened


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with chat() as opened:
        monkeypatch.setenv("CHAT_URL", opened.url)
        yield opened


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", S3_SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = Store(direct=f"http://{host}:{port}")
    reset(made)
    made.client().create_bucket(Bucket="acme")
    yield made
    reset(made)
    server.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_PAUSES", (0.0, 0.0))


def books(paid: Company, folder: Path, *to: object, **more: object) -> Office:
    places = [{"folder": one} if isinstance(one, str) else one for one in to]
    report = {"name": "books", "title": "Chargeback", **APRIL, "to": places}
    return office(paid, folder, {**report, "schedule": "0 7 * * *"}, **more)


def test_a_mail_has_the_figures_in_its_text_and_the_file_with_it(
    paid: Company, tmp_path: Path, post: Post
) -> None:
    to = ["finance@acme.example", "cfo@acme.example"]
    desk = books(paid, tmp_path / "w", {"mail": to}, mail=post.settings)
    assert desk.company.run("report", "run", "books").code == 0
    (mail,) = post.taken
    assert post.to == [to]
    assert post.logins == [("reports", SECRET)]
    assert mail["Subject"] == "Chargeback, 2026-04: 36.20 USD"
    text = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "growth" in text.get_content()
    assert "36.20 USD" in html.get_content()
    assert html.get_content().count("background:#0077BB") == 6  # a bar a row
    (file,) = mail.iter_attachments()
    kept = next((tmp_path / "w" / "lake.editions" / "books").glob(f"*/{NAME}"))
    assert file.get_filename() == NAME
    assert file.get_content().replace("\r\n", "\n") == kept.read_text()
    assert SECRET not in "".join(
        path.read_text() for path in kept.parent.parent.parent.rglob("*") if path.is_file()
    )


@pytest.mark.slow
def test_a_file_that_is_no_text_arrives_byte_by_byte(
    paid: Company, tmp_path: Path, post: Post
) -> None:
    report = {"name": "books", **APRIL, "format": "excel", "to": [{"mail": ["a@b.example"]}]}
    desk = office(paid, tmp_path / "w", report, mail=post.settings)
    assert desk.company.run("report", "run", "books").code == 0
    (file,) = post.taken[0].iter_attachments()
    kept = next((tmp_path / "w" / "lake.editions" / "books").glob("*/*.xlsx"))
    assert file.get_content() == kept.read_bytes()


def test_a_mail_that_is_refused_is_tried_again_later_and_arrives_once(
    paid: Company, tmp_path: Path, post: Post
) -> None:
    desk = books(paid, tmp_path / "w", {"mail": ["a@b.example"]}, mail=post.settings)
    desk.due("2026-05-10T08:00")
    post.refusals = ["451 come back later"] * 3
    assert desk.due("2026-05-11T07:00") == 1
    (row,) = desk.history()
    assert (row["state"], row["failures"]) == ("failed", "1")
    assert row["why"] == "127.0.0.1 refuses the mail: come back later"
    assert desk.due("2026-05-11T07:04") == 0
    assert (post.taken, desk.states) == ([], ["failed"])
    assert desk.due("2026-05-11T07:05") == 0
    assert desk.due("2026-05-11T07:06") == 0
    assert (len(post.taken), desk.states) == (1, ["sent"])


@pytest.mark.slow
def test_what_fails_for_two_days_is_given_up(paid: Company, tmp_path: Path) -> None:
    mail = {"host": "127.0.0.1", "port": 1, "sender": "a@b.example"}
    desk = books(paid, tmp_path / "w", {"mail": ["a@b.example"]}, mail=mail)
    desk.due("2026-05-10T08:00")
    failed = [desk.due(f"2026-05-{11 + h // 24}T{h % 24:02}:30") for h in range(7, 100, 6)]
    assert failed[:4] == [1, 1, 1, 1]
    states = {row["edition"]: row["state"] for row in desk.history()}
    assert states["2026-05-11T07-00Z"] == "given_up"
    assert "failed" in states.values()
    assert {row["failures"] for row in desk.history() if row["state"] == "given_up"} == {"12"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"password": {"env": "NOT_SET"}}, "the environment has no NOT_SET"),
        ({"ca_file": None}, "cannot be trusted"),
        ({"port": 1}, "connection refused"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_without_the_secret(
    paid: Company, tmp_path: Path, post: Post, change: dict[str, object], why: str
) -> None:
    settings = {name: value for name, value in {**post.settings, **change}.items() if value}
    desk = books(paid, tmp_path / "w", {"mail": ["a@b.example"]}, mail=settings)
    ran = desk.company.run("report", "run", "books")
    assert (ran.code, post.taken) == (1, [])
    assert why in desk.history()[0]["why"]
    assert SECRET not in ran.err


def test_a_wrong_password_is_told_without_it(
    paid: Company, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "wrong-one")
    desk = books(paid, tmp_path / "w", {"mail": ["a@b.example"]}, mail=post.settings)
    ran = desk.company.run("report", "run", "books")
    assert (ran.code, post.taken) == (1, [])
    assert "refuses the login of reports" in ran.err
    assert "wrong-one" not in ran.err


def test_a_webhook_is_told_in_slacks_shape_and_its_address_is_never_shown(
    paid: Company, tmp_path: Path, room: Chat
) -> None:
    desk = books(paid, tmp_path / "w", {"webhook": {"env": "CHAT_URL"}})
    room.answers = [500]
    ran = desk.company.run("report", "run", "books")
    assert ran.code == 0  # the second try was taken
    (told,) = room.told
    assert told["text"] == "Chargeback, 2026-04: 36.20 USD"
    assert [block["type"] for block in told["blocks"]] == ["section", "section"]
    assert "growth" in told["blocks"][1]["text"]["text"]
    room.answers = [403] * 3
    ran = desk.company.run("report", "run", "books")
    assert (ran.code, len(room.told)) == (1, 1)
    assert "the webhook answers 403" in ran.err
    said = (
        ran.err
        + json.dumps(desk.history())
        + (Ledger(tmp_path / "w" / "lake").folder / "ledger.jsonl").read_text()
    )
    assert SECRET not in said


def test_a_bucket_gets_the_files_and_then_the_manifest(
    paid: Company, tmp_path: Path, store: Store
) -> None:
    to = {"s3": "s3://acme/finance", "access": {"endpoint": store.direct}}
    desk = books(paid, tmp_path / "w", to)
    assert desk.company.run("report", "run", "books").code == 0
    listed = store.client().list_objects_v2(Bucket="acme")["Contents"]
    assert [one["Key"] for one in listed] == [
        f"finance/books/2026-04/{NAME}",
        "finance/books/2026-04/manifest.json",
    ]
    body = store.client().get_object(Bucket="acme", Key=listed[0]["Key"])["Body"].read()
    assert body == next((tmp_path / "w" / "lake.editions" / "books").glob(f"*/{NAME}")).read_bytes()


def test_a_bucket_that_is_not_there_is_told(paid: Company, tmp_path: Path, store: Store) -> None:
    to = {"s3": "s3://nobodys/finance", "access": {"endpoint": store.direct}}
    desk = books(paid, tmp_path / "w", to, "out")
    ran = desk.company.run("report", "run", "books")
    assert ran.code == 1
    assert "S3 refuses s3://nobodys/finance: NoSuchBucket" in ran.err
    assert sorted(desk.states) == ["failed", "sent"]  # the folder got it all the same


def test_a_place_that_is_added_later_gets_no_old_editions(paid: Company, tmp_path: Path) -> None:
    desk = books(paid, tmp_path / "w", "out")
    desk.due("2026-05-10T08:00")
    desk.due("2026-05-11T07:00")
    report = {
        "name": "books",
        **APRIL,
        "schedule": "0 7 * * *",
        "to": [{"folder": "out"}, {"folder": "more"}],
    }
    declare(tmp_path / "w", report)
    desk.due("2026-05-11T08:00")
    assert not (tmp_path / "w" / "more").exists()
    desk.due("2026-05-12T07:00")
    assert (tmp_path / "w" / "more" / "books" / "2026-04" / NAME).is_file()


def start(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, *words, "--config", str(folder)], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )


def seen_long_ago(folder: Path) -> None:
    """Make an edition due now, by the real clock."""
    ledger = Ledger(folder / "lake")
    ledger.folder.mkdir(exist_ok=True)
    detail = "0 7 * * * UTC"
    ledger.note(Event(at=datetime(2026, 1, 1), what="seen", report="books", detail=detail))


def test_a_run_killed_while_a_mail_is_taken_makes_no_second_mail(
    paid: Company, tmp_path: Path, post: Post
) -> None:
    desk = books(paid, tmp_path / "w", {"mail": ["a@b.example"]}, mail=post.settings)
    seen_long_ago(tmp_path / "w")
    post.holds = True
    with start(tmp_path / "w", "report", "run", "--due") as first:
        assert post.is_holding.wait(PATIENCE)
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=PATIENCE)
    post.go_on.set()
    assert len(post.taken) == 1
    with start(tmp_path / "w", "report", "run", "--due") as second:
        _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert b"unclear: a run died while it was sent" in err
    with start(tmp_path / "w", "report", "run", "--due") as third:
        _, err = third.communicate(timeout=PATIENCE)
    assert (third.returncode, err) == (0, b"")
    assert (len(post.taken), desk.states) == (1, ["unclear"])
    post.holds = False  # somebody looked, and it is not there
    assert desk.company.run("report", "run", "books", "--again").code == 0
    assert (len(post.taken), desk.states) == (2, ["sent"])
    assert post.taken[0]["Message-ID"] == post.taken[1]["Message-ID"]


def test_a_run_killed_before_a_mail_is_sent_sends_it_the_next_time(
    paid: Company, tmp_path: Path, post: Post
) -> None:
    desk = books(paid, tmp_path / "w", {"mail": ["a@b.example"]}, mail=post.settings)
    seen_long_ago(tmp_path / "w")
    editions = tmp_path / "w" / "lake.editions" / "books"
    with start(tmp_path / "w", "report", "run", "--due") as first:
        wait_for(lambda: editions.exists() or first.poll() is not None)
        first.kill()
        first.communicate(timeout=PATIENCE)
    killed_early = not post.taken
    with start(tmp_path / "w", "report", "run", "--due") as second:
        second.communicate(timeout=PATIENCE)
    if killed_early and "unclear" not in desk.states:
        assert (second.returncode, desk.states) == (0, ["sent"])
    assert len(post.taken) <= 1


@pytest.mark.parametrize("moment", ["writing", pytest.param("put", marks=pytest.mark.slow)])
def test_a_run_killed_in_the_middle_leaves_no_half_folder(
    paid: Company, tmp_path: Path, moment: str
) -> None:
    desk = books(paid, tmp_path / "w", "out")
    seen_long_ago(tmp_path / "w")
    out = tmp_path / "w" / "out" / "books"
    looked_for = out / (".2026-04.writing" if moment == "writing" else "2026-04")
    with start(tmp_path / "w", "report", "run", "--due") as first:
        while not looked_for.exists() and first.poll() is None:
            pass
        first.kill()
        first.communicate(timeout=PATIENCE)
    folder = out / "2026-04"
    assert not folder.exists() or len(list(folder.iterdir())) == 2
    with start(tmp_path / "w", "report", "run", "--due") as second:
        second.communicate(timeout=PATIENCE)
    assert (second.returncode, set(desk.states)) == (0, {"sent"})
    assert [path.name for path in sorted(out.iterdir())] == ["2026-04"]
    assert sorted(path.name for path in folder.iterdir()) == [NAME, "manifest.json"]


def test_the_clock_refreshes_sends_and_survives_being_killed(paid: Company, tmp_path: Path) -> None:
    desk = books(paid, tmp_path / "w", "out")
    seen_long_ago(tmp_path / "w")
    out = tmp_path / "w" / "out" / "books" / "2026-04"
    ledger = Ledger(tmp_path / "w" / "lake")
    with start(tmp_path / "w", "schedule") as clock:
        wait_for(lambda: any(event.what == "refreshed" for event in ledger.events()))
        clock.kill()
        clock.communicate(timeout=PATIENCE)
    with start(tmp_path / "w", "schedule") as clock:
        wait_for(lambda: any(event.what == "sent" for event in ledger.events()))
        clock.send_signal(signal.SIGTERM)
        clock.communicate(timeout=PATIENCE)
    assert clock.returncode == 0
    assert sorted(path.name for path in out.iterdir()) == [NAME, "manifest.json"]
    what = [event.what for event in ledger.events()]
    assert what.count("refreshed") == 1
    assert what.count("sent") == what.count("made") == 1
    assert desk.states == ["sent"]


def wait_for(happened: Callable[[], bool]) -> None:
    stop = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < stop
        time.sleep(0.005)


def test_the_ready_files_name_commands_that_exist() -> None:
    import re

    import yaml

    folder = Path(__file__).parents[2] / "deploy" / "reports"
    text = "".join(path.read_text() for path in sorted(folder.iterdir()))
    commands = set(re.findall(r"costlens (refresh|report run --due|schedule(?: --once)?)\b", text))
    assert {"refresh", "report run --due"} <= commands
    job = yaml.safe_load((folder / "cronjob.yaml").read_text())
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["costlens", "schedule", "--once"]
    compile((folder / "airflow_dag.py").read_text(), "airflow_dag.py", "exec")
