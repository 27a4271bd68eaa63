"""`costlens check --against`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from costlens.cli.options import Amount, Months, open_lake
from costlens.cli.output import Print
from costlens.config.access import Access
from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.questions.window import ALWAYS, Window

if TYPE_CHECKING:
    from costlens.ingest.cost_explorer import Explored, Way
    from costlens.questions.against import Compared
    from costlens.questions.ask import Asked

Command = Callable[..., Any]  # a verb: click calls it by its options' names


class Endpoint(click.ParamType[str]):
    """The URL of a host."""

    name = "url"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read a URL; it is not repeated, as it may hold what nobody should see."""
        if not re.fullmatch(r"https?://[\w.:\[\]-]+/?", str(value)):
            self.fail("no URL of a host: write https:// and the host, nothing else", param, ctx)
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Against:
    """What a workspace is held against, how that is reached, and what of it is shown."""

    provider: str | None
    month: Window | None
    tolerance: Decimal
    every: bool
    net: bool | None
    profile: str | None
    role_arn: str | None
    region: str | None
    endpoint: str | None

    def access(self, source: Source | None) -> Access:
        """Say how a source's Cost Explorer is reached: as asked for, else as its bucket is.

        The endpoint of a bucket is that of a store, and no Cost Explorer is there.
        """
        own = (source.s3 if source else None) or Access()
        return Access(
            profile=self.profile or own.profile,
            role_arn=self.role_arn or own.role_arn,
            region=self.region or own.region,
            endpoint=self.endpoint,
        )


_OPTIONS = (
    click.option(
        "--against",
        "provider",
        type=click.Choice(["cost-explorer"]),
        help="Compare the bills of AWS in the lake with what AWS Cost Explorer says, and do "
        "nothing else. AWS takes 0.01 USD for every request and page.",
    ),
    click.option("--month", type=Months(), help="With --against: 2026-10 or 2026-08..2026-10."),
    click.option(
        "--tolerance",
        type=Amount(),
        default="0.01",
        show_default=True,
        help="With --against: how far two figures may be apart and still agree.",
    ),
    click.option(
        "--all", "every", is_flag=True, help="With --against: list the rows that agree as well."
    ),
    click.option(
        "--net/--no-net",
        default=None,
        help="With --against: ask for cost after private discounts. Default: as the bill has it.",
    ),
    click.option("--profile", help="With --against: an AWS profile. Default: the source's."),
    click.option("--role-arn", help="With --against: a role to take on. Default: the source's."),
    click.option("--region", help="With --against: a region of AWS. Default: the source's."),
    click.option("--endpoint", type=Endpoint(), help="With --against: another Cost Explorer."),
)


def takes_against(command: Command) -> Command:
    """Give a verb an `Against`."""

    @wraps(command)
    def called(**given: object) -> object:
        named = {name: given.pop(name) for name in Against.__dataclass_fields__}
        against = Against(**named)  # type: ignore[arg-type]  # each as its option reads it
        if not against.provider:
            _refuse_alone(named)
        return command(against=against, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def _refuse_alone(named: dict[str, object]) -> None:
    """Refuse options that say how to compare where nothing is compared."""
    for name, value in named.items():
        if name != "tolerance" and value is not None and (name, value) != ("every", False):
            option = {"every": "all", "net": "net"}.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} goes with --against cost-explorer")


def check_against(config: Path | None, against: Against, printed: Print) -> None:
    """Compare, and print what differs, which then is an error."""
    from costlens.questions.ask import open_build

    asked = open_build(open_lake(config))
    try:
        ways = _ways(config, asked, against)
        answers = _explore(ways)
        compared = _compare(asked, ways, answers, against.tolerance)
    finally:
        asked.con.close()
    printed.show(compared.rows if against.every else compared.differing)
    _say(compared, sum(one.requests for one in answers), against.tolerance)
    differ = len(compared.differing.rows)
    if differ:
        raise CostLensError(
            f"{differ} {'rows differ' if differ > 1 else 'row differs'}",
            where="--against cost-explorer",
            hint="what Cost Explorer calls estimated may still change; docs/cost-explorer.md lists "
            "what else can part the two",
        )


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """A month of a bill that is held against a Cost Explorer."""

    source: str
    month: str
    place: str


def _ways(config: Path | None, asked: "Asked", against: Against) -> "dict[Way, list[_Unit]]":
    """Group the months of the bills of AWS by how their Cost Explorer is asked."""
    from costlens.config import find_settings
    from costlens.ingest.cost_explorer import Way

    _, settings = find_settings(config)
    named = {source.name: source for source in settings.sources}
    bills = asked.ask("aws_bills", **(against.month or ALWAYS).given).rows
    if not bills:
        raise CostLensError(
            f"build {asked.build.number} holds no bill of AWS"
            + (" in these months" if against.month else ""),
            where="--against cost-explorer",
            hint="they come from sources of type aws_cur, and of type focus where ProviderName is "
            "AWS; costlens sources lists what there is",
        )
    is_net = {source: any(net for name, _, net in bills if name == source) for source, *_ in bills}
    ways: dict[Way, list[_Unit]] = {}
    for source, month, _ in bills:
        one = named.get(source)
        net = is_net[source] if against.net is None else against.net
        way = Way(access=against.access(one), net=net)
        place = (one.place if one else "") or "--against cost-explorer"
        ways.setdefault(way, []).append(_Unit(source=source, month=month, place=place))
    return ways


def _explore(ways: "dict[Way, list[_Unit]]") -> "list[Explored]":
    """Ask every Cost Explorer; raise what is wrong with all of them."""
    from costlens.ingest.cost_explorer import explore

    answers: list[Explored] = []
    findings: list[Finding] = []
    for way, units in ways.items():
        months = sorted({unit.month for unit in units})
        try:
            answers.append(explore(way, months, where=units[0].place))
        except CostLensError as error:
            findings += error.findings
    if findings:
        raise CostLensError(findings=findings)
    return answers


def _compare(
    asked: "Asked",
    ways: "dict[Way, list[_Unit]]",
    answers: "list[Explored]",
    tolerance: Decimal,
) -> "Compared":
    from costlens.questions.against import compare

    return compare(
        asked,
        ways=[
            (number, unit.source, unit.month)
            for number, units in enumerate(ways.values())
            for unit in units
        ],
        costs=[
            (number, c.month, c.account, c.service, c.basis, c.currency, c.amount)
            for number, answer in enumerate(answers)
            for c in answer.costs
        ],
        estimates=[
            (number, month) for number, answer in enumerate(answers) for month in answer.estimated
        ],
        tolerance=tolerance,
    )


def _say(compared: "Compared", requests: int, tolerance: Decimal) -> None:
    """Say what the rows do not: how much agrees, what may still change, what had no pair."""
    from costlens.ingest.cost_explorer import PRICE

    agree = len(compared.rows.rows) - len(compared.differing.rows)
    click.echo(
        f"rows that agree within {tolerance}: {agree}; "
        f"requests to Cost Explorer: {requests}, {requests * PRICE} USD",
        err=True,
    )
    months = compared.column("month", where="estimated")
    if months:
        click.echo(f"info: Cost Explorer calls {', '.join(months)} estimated", err=True)
    for names in compared.column("names", where="names"):
        click.echo(
            f"warning: compared as one, by account, since no names pair: {names}\n"
            "    they are the service (other names) above; --all shows it where it agrees",
            err=True,
        )
