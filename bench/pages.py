"""Measure what readers of the pages wait for, on a lake of millions of charges.

    python bench/pages.py --lines 10000000 --features 5000

Makes the month that bench/refresh.py makes, once per size, and refreshes it if it has no build. Then:
first     the first answer of each page, by a server that started six seconds ago and answered nobody yet
filter    every change of a filter after that, each link once
again     the same links once more: answers of a build are kept
later     the parts that a page asks for when it stands, each by itself
viewers   so many readers for a minute, each with a link every two seconds, its later parts and a look for a
          newer build, while a refresh allocates the month anew; an error is any answer but 200 and 204
Times are those of a client on this machine, bytes those of the largest answer and of it as sent, compressed;
CPU is what the server used for `first`, `filter` and `later` together.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import refresh as lake

FILTERS: list[dict[str, str]] = [
    {"by": "feature"},
    {"by": "model"},
    {"basis": "billed"},
    {"by": "feature", "basis": "billed"},
    {"by": "model", "basis": "billed", "month": "all"},
    {"month": "2026-05"},
    {"by": "feature", "month": "2026-05"},
]
NAMED = [("feature", "f0"), ("feature", "f77"), ("model", "m0"), ("product", "p0")]
OF = ["bill", "feature:f0", "model:m0", "stage:stage_0"]
REST = 6.0  # seconds after the start, in which the server asks the usual questions by itself
SHELL = ("/", "/_dash-layout", "/_dash-dependencies")


@dataclass
class Browser:
    """Asks as a browser does: one connection, and the callback of a link."""

    port: int
    con: http.client.HTTPConnection = field(init=False)
    output: str = ""
    sent: int = 0  # bytes of the last answer, as they came

    def __post_init__(self) -> None:
        self.con = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        text = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        try:
            self.con.request(method, path, text, headers)
            answer = self.con.getresponse()
            sent = answer.read()
            self.sent = len(sent)
            if answer.headers.get("Content-Encoding") == "gzip":
                sent = gzip.decompress(sent)
            return answer.status, sent
        except (OSError, http.client.HTTPException):
            self.con.close()
            raise

    def show(self, link: str) -> tuple[int, bytes]:
        if not self.output:
            known = json.loads(self.ask("GET", "/_dash-dependencies")[1])
            self.output = next(one["output"] for one in known if "page.children" in one["output"])
        parts = [one.rsplit(".", 1) for one in self.output.strip(".").split("...")]
        body = {
            "output": self.output,
            "outputs": [{"id": id, "property": kind} for id, kind in parts],
            "inputs": [
                {"id": "link", "property": "data", "value": link},
                {"id": "build", "property": "data", "value": None},
                [],
            ],
            "changedPropIds": ["link.data"],
        }
        return self.ask("POST", "/_dash-update-component", body)

    def later(self, link: str, page: bytes) -> list[tuple[int, bytes]]:
        """Ask for the parts that come after a page."""
        names = [one.decode() for one in re.findall(rb'"id":"([a-z]+-[a-z]+)-later"', page)]
        return [
            self.ask(
                "POST",
                "/_dash-update-component",
                {
                    "output": f"{name}-place.children",
                    "outputs": {"id": f"{name}-place", "property": "children"},
                    "inputs": [{"id": f"{name}-later", "property": "data", "value": name}],
                    "state": [{"id": "link", "property": "data", "value": link}],
                    "changedPropIds": [f"{name}-later.data"],
                },
            )
            for name in names
        ]

    def look(self, build: int) -> tuple[int, bytes]:
        body = {
            "output": "build.data",
            "outputs": {"id": "build", "property": "data"},
            "inputs": [{"id": "tick", "property": "n_intervals", "value": 1}],
            "state": [{"id": "build", "property": "data", "value": build}],
            "changedPropIds": ["tick.n_intervals"],
        }
        return self.ask("POST", "/_dash-update-component", body)


class Server:
    """`costlens serve` in a process of its own."""

    def __init__(self, folder: Path, threads: int) -> None:
        words = ["serve", "--config", str(folder), "--port", "0", "--threads", str(threads)]
        command = [sys.executable, "-c", "from costlens.cli import main; main()", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        self.port = int(said.split()[0].rpartition(":")[2])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) / 1024


def links() -> dict[str, list[str]]:
    """List each page's links: how one arrives at it first, then every change of a filter."""
    from costlens.paths import bundled
    from costlens.web.pages import find_pages

    found = {}
    for page in find_pages([bundled("dashboards")]):
        plain = [{}, *FILTERS]
        if page.stem == "rows":
            plain = [{"of": of, **one} for of in OF for one in ({}, {"basis": "billed"})]
        if page.stem == "feature":
            plain = [
                {"level": level, "name": name, **one}
                for level, name in NAMED
                for one in ({}, {"basis": "billed"})
            ]
        found[page.stem] = [f"{page.path}?{urlencode(one)}".rstrip("?") for one in plain]
    return found


@dataclass(kw_only=True)
class Took:
    """What an answer took: of the page itself, of each part that came after it."""

    page: float
    later: list[float]
    size: int
    sent: int


def timed(browser: Browser, link: str) -> Took:
    start = time.perf_counter()
    status, text = browser.show(link)
    took, sent = time.perf_counter() - start, browser.sent
    if status != 200:
        sys.exit(f"{link}: {status} {text[:300]!r}")
    later = []
    start = time.perf_counter()
    for status, part in browser.later(link, text):
        later.append(time.perf_counter() - start)
        start = time.perf_counter()
        if status != 200 or b"could not be computed" in part:
            print(f"a later part of {link} failed", file=sys.stderr)
    if b"could not be computed" in text:
        print(f"a part of {link} failed", file=sys.stderr)
    return Took(page=took, later=later, size=len(text), sent=sent)


def middle_and_slow(times: list[float]) -> str:
    if not times:
        return f"{'-':>6} {'-':>6} {'-':>6}"
    ordered = sorted(times)
    slow = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered) * 1000:6.0f} {slow * 1000:6.0f} {ordered[-1] * 1000:6.0f}"


def measure_pages(folder: Path, threads: int) -> None:
    """Measure each page alone: a fresh server, its first answer, its filters, and those again."""
    figures = " ".join(f"{one:>6}" for one in ("p50", "p95", "max"))
    print(f"{'page':12} {'first':>6}  filter {figures}  again {figures}  later {figures}", end="")
    print(f"  {'kB':>6} {'sent':>6} {'CPU s':>6} {'MiB':>6}   (times in ms)")
    whole: dict[str, list[float]] = {"first": [], "filter": [], "again": [], "later": []}
    for stem, some in links().items():
        with Server(folder, threads) as server:
            browser = Browser(server.port)
            browser.ask("GET", "/_dash-dependencies")
            time.sleep(REST)
            used = server.cpu
            took = [timed(browser, link) for link in some]
            used = server.cpu - used
            again = [timed(browser, link).page for link in some]
            peak = server.peak
        found = {
            "first": [took[0].page],
            "filter": [one.page for one in took[1:]],
            "again": again,
            "later": [each for one in took for each in one.later],
        }
        for name, times in found.items():
            whole[name] += times
        print(
            f"{stem:12} {took[0].page * 1000:6.0f}         {middle_and_slow(found['filter'])}"
            f"        {middle_and_slow(again)}        {middle_and_slow(found['later'])}"
            f"  {max(one.size for one in took) / 1000:6.0f} {max(one.sent for one in took) / 1000:6.0f}"
            f" {used:6.1f} {peak:6.0f}",
            flush=True,
        )
    for name, times in whole.items():
        print(f"all {name:8} {middle_and_slow(times)}  (p50, p95, max in ms; {len(times)} answers)")


def shell(folder: Path) -> None:
    """Add up what a browser loads once, before the first page."""
    with Server(folder, 4) as server:
        browser = Browser(server.port)
        _, text = browser.ask("GET", "/")
        paths = re.findall(rb'(?:src|href)="(/?(?:_dash|assets)[^"]+)"', text)
        sizes = {
            path: len(browser.ask("GET", "/" + path.decode().lstrip("/"))[1]) for path in paths
        }
        sizes |= {path.encode(): len(browser.ask("GET", path)[1]) for path in SHELL}
        print(
            f"\nloaded once, before the first page: {sum(sizes.values()) / 1000:,.0f} kB in {len(sizes)} files"
        )


def view(
    port: int, until: float, seen: Counter[str], times: list[float], lock: threading.Lock
) -> None:
    """Read as one does: a link, a look for a newer build, a pause."""
    browser = Browser(port)
    every = [link for some in links().values() for link in some]
    while time.monotonic() < until:
        start = time.perf_counter()
        try:
            link = random.choice(every)
            status, text = browser.show(link)
            took = time.perf_counter() - start
            parts = browser.later(link, text)
            failed = any(b"could not be computed" in part for _, part in [(status, text), *parts])
            looked, _ = browser.look(1)
        except OSError as error:
            with lock:
                seen[type(error).__name__] += 1
            continue
        with lock:
            times.append(took)
            seen[f"page {status}"] += 1
            for code, _ in parts:
                seen[f"part {code}"] += 1
            seen[f"look {looked}"] += 1
            seen["failed part"] += failed
        time.sleep(max(0.0, start + 2 - time.perf_counter()))


def measure_viewers(folder: Path, many: int, seconds: int, threads: int) -> None:
    """Let readers read while the month is allocated anew."""
    seen: Counter[str] = Counter()
    times: list[float] = []
    lock = threading.Lock()
    with Server(folder, threads) as server:
        browser = Browser(server.port)
        for some in links().values():
            timed(browser, some[0])
        before = json.loads(browser.ask("GET", "/healthz")[1])["build"]
        until = time.monotonic() + seconds
        readers = [
            threading.Thread(target=view, args=(server.port, until, seen, times, lock))
            for _ in range(many)
        ]
        for one in readers:
            one.start()
        change(folder)
        start = time.perf_counter()
        command = [sys.executable, "-c", "from costlens.cli import main; main()", "refresh"]
        done = subprocess.run(
            [*command, "--config", str(folder)], capture_output=True, text=True, check=False
        )
        took = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"the refresh failed: {done.stderr}")
        shown = time.perf_counter()
        while json.loads(Browser(server.port).ask("GET", "/healthz")[1])["build"] == before:
            time.sleep(0.05)
        shown = time.perf_counter() - shown
        for one in readers:
            one.join()
        peak = server.peak
    errors = sum(
        n
        for what, n in seen.items()
        if what not in ("page 200", "part 200", "look 200", "look 204")
    )
    print(
        f"\n{many} viewers for {seconds} s, {threads} threads: {len(times)} pages, {errors} errors; p50, p95, max in ms: {middle_and_slow(times)}"
    )
    print(
        f"the refresh beside them took {took:.1f} s; its build was shown {shown:.1f} s after; peak of the server {peak:.0f} MiB; {dict(seen)}"
    )


def change(folder: Path) -> None:
    """Change a weight, so that the next refresh allocates the month anew."""
    path = folder / "catalog" / "all.yaml"
    text = path.read_text().rstrip("\n").removesuffix("teams: [{name: other}]").rstrip("\n")
    is_there = "teams:" in path.read_text()
    path.write_text(text + ("\n" if is_there else "\nteams: [{name: other}]\n"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=5_000)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--stages", type=int, default=500)
    parser.add_argument("--reach", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "data" / "pages")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--only", choices=["pages", "viewers"])
    size = parser.parse_args()
    folder = size.folder.resolve()
    made = {
        name: getattr(size, name)
        for name in ("lines", "runs", "features", "models", "products", "stages", "reach")
    }
    lake.make_data(folder, argparse.Namespace(**made))
    if not (folder / "lake" / "builds").is_dir():
        shutil.rmtree(folder / "lake", ignore_errors=True)
        command = [sys.executable, "-c", "from costlens.cli import main; main()", "refresh"]
        subprocess.run([*command, "--config", str(folder)], check=True, stdout=subprocess.DEVNULL)
    print(
        f"{size.lines:,} lines, {size.features:,} features, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    if size.only != "viewers":
        measure_pages(folder, size.threads)
        shell(folder)
    if size.only != "pages":
        measure_viewers(folder, size.viewers, size.seconds, size.threads)


if __name__ == "__main__":
    main()
