"""Whether the server is well: `/healthz` for what watches it, `/metrics` for Prometheus."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from dash import Dash
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from costlens.errors import CostLensError
from costlens.report.ledger import Ledger, editions
from costlens.web.access import who_asks
from costlens.web.data import Builds, Data
from costlens.web.rows import first_row
from costlens.web.view import read_view

_WRONG = ("broken", "failed", "unclear", "given_up")
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)
_KINDS = {  # by the rule of the address; figures are page and csv
    "/_dash-update-component": "page",
    "/csv/<stem>/<name>.csv": "csv",
    "/healthz": "health",
    "/metrics": "health",
    "/login": "login",
    "/logout": "login",
}


def serve_health(app: Dash, builds: Builds) -> None:
    """Measure every request of an app, and serve what was measured."""
    registry = CollectorRegistry()
    took = Histogram(
        "costlens_request_seconds",
        "Time of requests, by what was asked for and the page it is of.",
        ["kind", "page", "status"],
        buckets=_SECONDS,
        registry=registry,
    )
    builds_alone, company = CollectorRegistry(), CollectorRegistry()
    builds_alone.register(_OfBuild(builds))
    company.register(_OfCompany(builds))
    company.register(_OfReports(builds.lake))

    def begin() -> None:
        g.began = time.perf_counter()

    def measure(answer: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule else ""
        labels = (_KINDS.get(rule, "shell"), g.get("page", ""), str(answer.status_code))
        took.labels(*labels).observe(time.perf_counter() - g.began)
        return answer

    def healthz() -> Response:
        text, is_ready = _health(builds)
        return Response(text, 200 if is_ready else 503, mimetype="application/json")

    def metrics() -> Response:
        told = [registry, builds_alone]
        if who_asks().teams is None:  # what is unmatched is a figure of the whole company
            told.append(company)
        text = b"".join(generate_latest(one) for one in told)
        return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)

    app.server.before_request(begin)
    app.server.after_request(measure)
    app.server.add_url_rule("/healthz", view_func=healthz)
    app.server.add_url_rule("/metrics", view_func=metrics)


def _health(builds: Builds) -> tuple[str, bool]:
    """Say in JSON whether there is a build that can be opened, and how old it is."""
    try:
        latest = builds.latest()
        if latest is None:
            return '{"ready": false, "why": "nothing is built yet"}\n', False
        age = int(_age(builds.whole(latest)))
    except (CostLensError, OSError):
        return '{"ready": false, "why": "the latest build cannot be opened"}\n', False
    return f'{{"ready": true, "build": {latest}, "build_age_seconds": {age}}}\n', True


def _age(data: Data) -> float:
    now = datetime.now(UTC).replace(tzinfo=None)
    return (now - data.built_at).total_seconds()


class _OfBuild(Collector):
    """Which build is shown, and how old it is; nothing before the first one."""

    def __init__(self, builds: Builds) -> None:
        self._builds = builds

    def collect(self) -> Iterator[Metric]:
        latest = self._builds.latest()
        if latest is None:
            return
        age = _age(self._builds.whole(latest))
        yield GaugeMetricFamily("costlens_build_number", "The build that is shown.", latest)
        yield GaugeMetricFamily("costlens_build_age_seconds", "Since it was made.", age)


class _OfCompany(Collector):
    """How well the last full month is known: what nobody claims of it, and what was found."""

    def __init__(self, builds: Builds) -> None:
        self._builds = builds

    def collect(self) -> Iterator[Metric]:
        latest = self._builds.latest()
        if latest is None:
            return
        data = self._builds.whole(latest)
        found = GaugeMetricFamily(
            "costlens_findings", "Findings of the build.", labels=["severity"]
        )
        said = [row[0] for row in data.ask("findings").rows]
        for severity in ("error", "warning", "info"):
            found.add_metric([severity], said.count(severity))
        yield found
        if data.months:
            share = GaugeMetricFamily(
                "costlens_unmatched_share",
                "The part of the last full month's bill that nobody claims, 0 to 1.",
            )
            share.add_metric([], _unmatched(data))  # type: ignore[arg-type]  # made a float when written
            yield share


class _OfReports(Collector):
    """What became of the reports that go out by themselves, as their ledger says."""

    def __init__(self, lake: Path) -> None:
        self._ledger = Ledger(lake)

    def collect(self) -> Iterator[Metric]:
        events = self._ledger.events()
        wrong = GaugeMetricFamily(
            "costlens_report_failures",
            "Editions that could not be made, and deliveries that did not or may not have arrived.",
            labels=["report"],
        )
        made = GaugeMetricFamily(
            "costlens_report_made_seconds", "When the newest edition was made.", labels=["report"]
        )
        last = {(one.report, one.edition, one.to): one.what for one in events if one.report}
        for report in sorted({report for report, _, _ in last}):
            states = [what for (name, _, _), what in last.items() if name == report]
            wrong.add_metric([report], sum(what in _WRONG for what in states))
            times = [one.at for one in editions(events, report)]
            if times:
                made.add_metric([report], int(max(times).replace(tzinfo=UTC).timestamp()))
        yield wrong
        yield made


def _unmatched(data: Data) -> Decimal:
    summary = data.ask("bill_summary", **read_view(data, {}).given)
    row = first_row(summary, figure="unmatched")
    return row["bill_share"] or Decimal(0) if row else Decimal(0)
