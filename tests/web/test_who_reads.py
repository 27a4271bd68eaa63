"""Who gets in, by every way that costlens.yaml knows, and who does not."""

import base64
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from asking_pages import start_server
from company import Company
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from costlens.config import find_settings
from costlens.web.app import create_app
from costlens.web.door import hash_password, open_door
from costlens.web.sessions import Limit, Sessions, Tries
from costlens.web.who import Who

WORD, TOKEN = "four words of mine", "t" * 32
HASHED = hash_password(WORD)
PAGE = {"Accept": "text/html"}

Opened = Callable[..., FlaskClient]


@pytest.fixture
def opened(company: Company) -> Opened:
    """Give a client of an app whose costlens.yaml has this access."""

    def make(**access: object) -> FlaskClient:
        company.settings["access"] = access
        company.bill({"cost": "1", "Tags": {"a": "b"}})
        (company.folder / "ada").write_text(HASHED + "\n")
        (company.folder / "token").write_text(TOKEN)
        folder, settings = find_settings(company.folder)
        assert settings.access is not None
        app = create_app(company.folder / "lake", door=open_door(settings.access, folder))
        return app.server.test_client()

    return make


def ada(**more: object) -> dict[str, Any]:
    return {"name": "ada", "role": "admin", "password": {"file": "ada"}, **more}


def csrf_in(page: TestResponse) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


def log_in(client: FlaskClient, **given: str) -> TestResponse:
    csrf = csrf_in(client.get("/login"))
    return client.post("/login", data={"csrf": csrf, **given})


def cookies(answer: TestResponse) -> dict[str, Any]:
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        found.load(line)
    return dict(found)


def test_a_page_leads_to_the_login_and_back(opened: Opened) -> None:
    client = opened(by="password", users=[ada()])
    sent = client.get("/feature?name=a", headers=PAGE)
    assert sent.status_code == 303
    assert sent.headers["Location"] == "/login?next=/feature%3Fname%3Da"
    page = client.get(sent.headers["Location"])
    data = {"csrf": csrf_in(page), "next": "/feature?name=a", "name": "ada", "password": WORD}
    answer = client.post("/login", data=data)
    assert answer.headers["Location"] == "/feature?name=a"
    assert client.get("/feature", headers=PAGE).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_dash-layout",
        "/_dash-dependencies",
        "/csv/overview/worth.csv",
        "/metrics",
        "/logins",
        "/healthz/x",
    ],
)
def test_nothing_is_told_to_who_is_not_logged_in(opened: Opened, path: str) -> None:
    client = opened(by="password", users=[ada()])
    assert client.get(path).status_code == 401
    assert client.post("/_dash-update-component", json={}).status_code == 401
    assert client.get("/healthz").status_code == 503


def test_a_session_is_kept_from_scripts_and_other_sites(opened: Opened) -> None:
    answer = log_in(opened(by="password", https=True, users=[ada()]), name="ada", password=WORD)
    session = cookies(answer)["costlens"]
    assert session["httponly"]
    assert session["secure"]
    assert session["samesite"] == "Lax"
    assert len(session.value) > 40
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_who_logs_out_is_out(opened: Opened) -> None:
    client = opened(by="password", users=[ada()])
    log_in(client, name="ada", password=WORD)
    kept = client.get_cookie("costlens")
    assert kept is not None
    csrf = client.get_cookie("costlens_csrf")
    assert csrf is not None
    assert client.post("/logout", data={"csrf": "x"}).status_code == 403
    assert client.get("/_dash-layout").status_code == 200
    assert client.post("/logout", data={"csrf": csrf.value}).status_code == 303
    client.set_cookie("costlens", kept.value)
    assert client.get("/_dash-layout").status_code == 401


def test_a_wrong_password_lets_nobody_in_and_is_tried_five_times_only(opened: Opened) -> None:
    client = opened(by="password", users=[ada()])
    for _ in range(5):
        assert log_in(client, name="ada", password="wrong").status_code == 401
    last = log_in(client, name="ada", password=WORD)
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= 301
    word = base64.b64encode(f"ada:{WORD}".encode()).decode()
    answer = client.get("/metrics", headers={"Authorization": f"Basic {word}"})
    assert answer.status_code == 429


def test_tries_are_counted_by_the_address_that_a_named_proxy_gives(opened: Opened) -> None:
    client = opened(by="password", proxy={"from": ["10.0.0.7"]}, users=[ada()])

    def tried(*, by: str, forwarded: str) -> int:
        csrf = csrf_in(client.get("/login"))
        return client.post(
            "/login",
            data={"csrf": csrf, "name": "ada", "password": "wrong"},
            environ_base={"REMOTE_ADDR": by},
            headers={"X-Forwarded-For": forwarded},
        ).status_code

    for _ in range(5):
        assert tried(by="10.0.0.7", forwarded="1.1.1.1, 198.51.100.1") == 401
    assert tried(by="10.0.0.7", forwarded="2.2.2.2, 198.51.100.1") == 429  # what it wrote itself
    assert tried(by="10.0.0.7", forwarded="198.51.100.2") == 401
    for at in range(5):  # who is no proxy of ours gives itself no other address
        assert tried(by="203.0.113.9", forwarded=f"198.51.100.{at + 3}") == 401
    assert tried(by="203.0.113.9", forwarded="198.51.100.9") == 429


def test_a_login_that_another_page_sends_is_refused(opened: Opened) -> None:
    client = opened(by="password", users=[ada()])
    data = {"name": "ada", "password": WORD, "csrf": "mine"}
    assert client.post("/login", data=data).status_code == 400
    csrf = csrf_in(client.get("/login"))
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/login", data={**data, "csrf": csrf}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb: c"]
)
def test_a_login_leads_to_our_own_pages_alone(opened: Opened, after: str) -> None:
    client = opened(by="password", users=[ada()])
    assert log_in(client, name="ada", password=WORD, next=after).headers["Location"] == "/"


def test_a_callback_without_the_secret_of_our_pages_is_refused(opened: Opened) -> None:
    client = opened(by="password", users=[ada()])
    log_in(client, name="ada", password=WORD)
    path = "/_dash-update-component"
    assert client.post(path, json={}).status_code == 403
    csrf = client.get_cookie("costlens_csrf")
    assert csrf is not None
    body = {
        "output": "build.data",
        "outputs": {"id": "build", "property": "data"},
        "changedPropIds": ["tick.n_intervals"],
        "inputs": [{"id": "tick", "property": "n_intervals", "value": 1}],
        "state": [{"id": "build", "property": "data", "value": None}],
    }
    headers = {"X-Costlens-Csrf": csrf.value}
    assert client.post(path, json=body, headers=headers).status_code == 204
    foreign = {**headers, "Sec-Fetch-Site": "cross-site"}
    assert client.post(path, json=body, headers=foreign).status_code == 403


def test_a_program_comes_by_basic_or_by_bearer(opened: Opened) -> None:
    client = opened(by="password", users=[ada()])
    for word, code in ((f"ada:{WORD}", 200), ("ada:no", 401), (f"bo:{WORD}", 401)):
        text = base64.b64encode(word.encode()).decode()
        for _ in range(2):
            answer = client.get("/metrics", headers={"Authorization": f"Basic {text}"})
            assert answer.status_code == code
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 401

    client = opened(
        by="token", users=[{"name": "all", "role": "admin", "token": {"file": "token"}}]
    )
    for token, code in ((TOKEN, 200), ("t" * 31, 401), ("", 401)):
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == code
    assert log_in(client, token=TOKEN).status_code == 303


def test_a_proxy_says_who_it_is_from_its_own_address_alone(opened: Opened) -> None:
    proxy = {"header": "X-Who", "from": ["10.0.0.0/24"]}
    client = opened(by="proxy", proxy=proxy, users=[{"name": "ada", "role": "admin"}])

    def ask(address: str, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get("/_dash-layout", headers=named, environ_base={"REMOTE_ADDR": address})

    assert ask("10.0.0.9", X_Who="ada").status_code == 200
    assert ask("::ffff:10.0.0.9", X_Who="ada").status_code == 200
    assert ask("10.0.1.9", X_Who="ada").status_code == 403
    assert ask("127.0.0.1", X_Who="ada", X_Forwarded_For="10.0.0.9").status_code == 403
    assert ask("10.0.0.9", X_Who="eve").status_code == 403
    assert ask("10.0.0.9").status_code == 403
    assert ask("10.0.0.9", X_Who="ada, eve").status_code == 403
    posted = client.post(
        "/_dash-update-component",
        json={},
        headers={"X-Who": "ada"},
        environ_base={"REMOTE_ADDR": "10.0.0.9"},
    )
    assert posted.status_code == 403


def test_sessions_end_and_do_not_grow_without_end() -> None:
    now = [0.0]
    sessions = Sessions(clock=lambda: now[0])
    cookie, session = sessions.begin(Who(name="ada"))
    found = sessions.find(cookie)
    assert found is session
    assert cookie not in repr(vars(sessions))
    now[0] = 12 * 3600 + 1
    assert sessions.find(cookie) is None


def test_tries_are_counted_by_name_and_come_back() -> None:
    now = [0.0]
    tries = Tries(clock=lambda: now[0])
    limits = [(("a",), Limit(most=2, within=10))]
    assert [tries.take(limits) for _ in range(3)] == [0, 0, 11]
    now[0] = 11
    assert tries.take(limits) == 0
    assert [tries.take(limits), tries.take(limits)] == [0, 11]
    tries.give_back(("a",))
    assert tries.take(limits) == 0


@pytest.mark.parametrize(
    ("access", "says"),
    [
        (
            {"by": "password", "users": [{"name": "ada", "role": "admin"}]},
            'user "ada" has no password',
        ),
        ({"by": "token", "users": [ada()]}, "has a password, and readers come by token"),
        (
            {"by": "password", "users": [{**ada(), "role": "viewer"}]},
            'the viewer "ada" has no teams',
        ),
        ({"by": "password", "users": [ada(teams=["x"])]}, 'the admin "ada" sees every team'),
        ({"by": "password", "users": [ada(), ada()]}, 'user "ada" is named 2 times'),
        ({"by": "password", "users": [{**ada(), "password": "hunter2"}]}, "not the secret itself"),
        (
            {"by": "password", "users": [{**ada(), "password": {"env": "NO_SUCH_VARIABLE"}}]},
            "the environment has no NO_SUCH_VARIABLE",
        ),
        (
            {"by": "password", "users": [{**ada(), "password": {"file": "plain"}}]},
            "has a password that is not hashed",
        ),
        (
            {"by": "token", "users": [{"name": "a", "role": "admin", "token": {"file": "plain"}}]},
            "fewer than 20 letters",
        ),
        (
            {"by": "proxy", "users": [{"name": "a", "role": "admin"}]},
            "anybody could say they are it",
        ),
        (
            {
                "by": "proxy",
                "proxy": {"from": ["0.0.0.0/0"]},
                "users": [{"name": "a", "role": "admin"}],
            },
            "is everybody",
        ),
        (
            {"by": "proxy", "proxy": {"from": ["here"]}, "users": [{"name": "a", "role": "admin"}]},
            '"here" is no address',
        ),
        (
            {"by": "password", "proxy": {"from": ["10.0.0.1"], "header": "X-A"}, "users": [ada()]},
            '"header" has no meaning by password',
        ),
        (
            {"by": "password", "proxy": {}, "users": [ada()]},
            "anybody could say they are it",
        ),
        (
            {"by": "password", "users": [ada()], "audit": "no/such/folder.csv"},
            "downloads cannot be noted",
        ),
    ],
)
def test_access_that_would_not_hold_is_refused_before_anything_is_served(
    company: Company, access: dict[str, Any], says: str
) -> None:
    (company.folder / "ada").write_text(HASHED)
    (company.folder / "plain").write_text("hunter2")
    company.settings["access"] = access
    company.bill({"cost": "1"})
    ran = company.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert ran.code == 1
    assert says in ran.err
    assert "hunter2" not in ran.err


def test_a_team_that_is_none_is_found_by_check(company: Company) -> None:
    company.settings["access"] = {
        "by": "password",
        "users": [{**ada(), "role": "viewer", "teams": ["riks"]}],
    }
    company.catalogue("teams: [{name: risk}]")
    company.bill({"cost": "1"})
    ran = company.run("check")
    assert 'there is no team "riks"' in ran.err + ran.out
    assert 'did you mean "risk"?' in ran.err + ran.out


def test_a_password_is_hashed_and_a_short_one_refused(company: Company) -> None:
    command = [
        sys.executable,
        "-c",
        "from costlens.cli import main; main()",
        "password",
        "--stdin",
    ]
    done = subprocess.run(command, input=f"{WORD}\n", capture_output=True, text=True, check=True)
    (company.folder / "ada").write_text(done.stdout)
    company.settings["access"] = {"by": "password", "users": [ada()]}
    company.bill({"cost": "1"})
    folder, settings = find_settings(company.folder)
    assert settings.access is not None
    door = open_door(settings.access, folder)
    assert door.by_password("ada", WORD) == Who(name="ada")
    assert door.by_password("ada", WORD + "x") is None
    assert WORD not in repr(door)
    assert done.stdout.strip() not in repr(door)
    short = subprocess.run(command, input="short\n", capture_output=True, text=True, check=False)
    assert short.returncode == 1
    assert "fewer than 12 letters" in short.stderr


def test_it_serves_another_address_to_whom_it_lets_in(company: Company) -> None:
    import urllib.error
    import urllib.request

    (company.folder / "token").write_text(TOKEN)
    company.settings["access"] = {
        "by": "token",
        "users": [{"name": "all", "role": "admin", "token": {"file": "token"}}],
    }
    company.bill({"cost": "1"})
    company.refresh()
    process, address = start_server(company.folder, "--host", "0.0.0.0", "--threads", "2")
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=60) as answer:
            assert json.loads(answer.read())["ready"] is True
        named = urllib.request.Request(
            f"{address}/csv/overview/worth.csv", headers={"Host": "costs.example"}
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(named, timeout=60)
        named.add_header("Authorization", f"Bearer {TOKEN}")
        with urllib.request.urlopen(named, timeout=60) as answer:
            assert answer.read().startswith(b"name,")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    log = (company.folder / "audit.csv").read_text().splitlines()
    assert log[0].startswith("at,who,role,address,page,table,query,build,rows,outcome")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,all,admin,127\.0\.0\.1,overview,worth,\?,1,\d+,given",
        log[1],
    )
    assert len(log) == 2
    assert (company.folder / "audit.csv").stat().st_mode & 0o007 == 0
