import gzip
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest
from asking_pages import start_server
from company import Company


def test_it_serves_without_a_build_and_stops_cleanly(company: Company) -> None:
    company.bill({"cost": "1"})
    process, address = start_server(company.folder)
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            text = answer.read().decode()
        assert '<html lang="en">' in text
        assert "https://" not in text
        strange = urllib.request.Request(address, headers={"Host": "evil.example:80"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(strange, timeout=60)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == "stopped\n"


def test_a_taken_port_is_named_with_what_to_do(company: Company) -> None:
    company.bill({"cost": "1"})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = company.run("serve", "--port", str(port))
    assert ran.code == 1
    assert f"cannot listen on port {port}" in ran.err
    assert f"costlens serve --port {port + 1}" in ran.err


def test_another_host_is_refused_without_anyone_who_may_read(company: Company) -> None:
    company.bill({"cost": "1"})
    began = time.monotonic()
    ran = company.run("serve", "--host", "0.0.0.0")
    assert ran.code == 1
    assert "refused to serve on 0.0.0.0" in ran.err
    assert "under `access` in costlens.yaml" in ran.err
    assert time.monotonic() - began < 5


def test_a_broken_page_of_the_workspace_is_named(company: Company) -> None:
    company.bill({"cost": "1"})
    (company.folder / "dashboards").mkdir()
    (company.folder / "dashboards" / "mine.py").write_text("PATH = 1\n")
    ran = company.run("serve", "--port", "0")
    assert ran.code == 1
    assert "mine.py: the page lacks" in ran.err


def test_what_is_sent_is_compressed_for_those_who_take_it(company: Company) -> None:
    company.bill({"cost": "1"})
    process, address = start_server(company.folder)
    try:
        for path, kind in (("/_dash-dependencies", "json"), ("/assets/costlens.css", "css")):
            plain = urllib.request.Request(address + path)
            packed = urllib.request.Request(address + path, headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(plain, timeout=60) as answer:
                text = answer.read()
                assert kind in answer.headers["Content-Type"]
                assert "Content-Encoding" not in answer.headers
            with urllib.request.urlopen(packed, timeout=60) as answer:
                sent = answer.read()
                is_packed = answer.headers.get("Content-Encoding") == "gzip"
                assert int(answer.headers["Content-Length"]) == len(sent)
            assert (gzip.decompress(sent) if is_packed else sent) == text
            assert is_packed is (kind == "json")
    finally:
        process.kill()
        process.communicate(timeout=60)
