"""Options that several verbs take, gathered into what they mean."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import wraps
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from costlens.cli.output import FORMATS, Print
from costlens.config.values import Workspace
from costlens.questions.ask import Asked
from costlens.questions.window import ALWAYS, Window, months, read_day
from costlens.times import next_month

if TYPE_CHECKING:
    from costlens.lake import Lake

LEVELS = ("feature", "model", "product")
Command = Callable[..., Any]  # a verb: click calls it by its options' names


class Day(click.ParamType[date]):
    """A day, or a month that stands for its first day."""

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read a day."""
        try:
            return read_day(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Months(click.ParamType[Window]):
    """A billing period, or a span of them."""

    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Window:
        """Read months."""
        try:
            return months(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Amount(click.ParamType[Decimal]):
    """An amount of money, not below 0."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Read an amount, exactly."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            self.fail(f'"{value}" is no amount: write 0.01', param, ctx)
        return amount


class OneMonth(Months):
    """One billing period."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Window:
        """Read a month."""
        window = super().convert(value, param, ctx)
        if window.after != next_month(window.first):
            self.fail(f'"{value}" is several months: write one, such as 2026-10', param, ctx)
        return window


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which build of which workspace, which window and which basis a verb is about."""

    config: Path | None
    build: int | None
    window: Window
    basis: str | None

    @contextmanager
    def asking(self) -> Iterator[Asked]:
        """Open the build for questions."""
        from costlens.questions.ask import open_build

        asked = open_build(open_lake(self.config), self.build)
        try:
            yield asked
        finally:
            asked.con.close()

    def basis_of(self, asked: Asked) -> str:
        """Name the basis to show: as asked for, else as costlens.yaml says."""
        return self.basis or str(asked.build.settings["basis"])


_CONFIG = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    help="costlens.yaml or its folder. Default: $COSTLENS_CONFIG, else here or in a parent.",
)
_BUILD = click.option("--build", type=int, help="An earlier build. Default: the latest.")
_START = click.option(
    "--start", type=Day(), help="First day that counts (YYYY-MM-DD or YYYY-MM). Default: all."
)
_STOP = click.option(
    "--stop", type=Day(), help="First day that no longer counts (YYYY-MM-DD or YYYY-MM)."
)
_MONTH = click.option(
    "--month",
    type=Months(),
    help="Billing periods in place of days: 2026-10 or 2026-08..2026-10. Ties to the statement.",
)
_BASIS = click.option(
    "--basis",
    type=click.Choice(["effective", "billed"]),
    help="effective: amortised; billed: as invoiced. Default: as in costlens.yaml.",
)
_FORMAT = click.option(
    "--format", "style", type=click.Choice(FORMATS), help="Default: table; in a file, csv."
)
_OUT = click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file; its suffix chooses the format.",
)


def takes_config(command: Command) -> Command:
    """Give a verb `--config`."""
    return _CONFIG(command)


def takes_scope(
    *, build: bool = True, days: bool = False, months: bool = False, basis: bool = False
) -> Callable[[Command], Command]:
    """Give a verb a `Scope`, from `--config`, `--build` and, where asked for, days and basis.

    `days` are days or months, `months` are months alone.
    """
    options = [_CONFIG, _BUILD] if build else [_CONFIG]
    options += [_START, _STOP] if days else []
    options += [_MONTH] if days or months else []
    options += [_BASIS] if basis else []

    def give(command: Command) -> Command:
        @wraps(command)
        def called(
            config: Path | None,
            build: int | None = None,
            start: date | None = None,
            stop: date | None = None,
            month: Window | None = None,
            basis: str | None = None,
            **others: object,
        ) -> object:
            window = _window(start, stop, month)
            scope = Scope(config=config, build=build, window=window, basis=basis)
            return command(scope=scope, **others)

        for option in reversed(options):
            called = option(called)
        return called

    return give


def _window(start: date | None, stop: date | None, month: Window | None) -> Window:
    """Read the window of a verb: days or months."""
    if month is not None:
        if start or stop:
            raise click.BadParameter(
                "names months, so leave out --start and --stop", param_hint="--month"
            )
        return month
    window = Window(start=start or ALWAYS.start, stop=stop or ALWAYS.stop)
    if window.start >= window.stop:
        raise click.BadParameter(
            f"the window is empty: {window.start} is not before {window.stop}", param_hint="--stop"
        )
    return window


def takes_level(
    default: str, *, also: Sequence[str] = (), says: str | None = None
) -> Callable[[Command], Command]:
    """Give a verb `--by`, the level its rows are of; `also` are further choices."""
    return click.option(
        "--by",
        type=click.Choice((*LEVELS, *also)),
        default=default,
        show_default=True,
        help=says,
    )


def takes_currency(*, one: bool = False) -> Callable[[Command], Command]:
    """Give a verb `--currency`; without it amounts are as billed, or in `one` currency."""
    return click.option(
        "--currency",
        help="Convert by each month's rate in fx.csv. Default: the currency of costlens.yaml."
        if one
        else "Convert by each billing month's rate in fx.csv. Default: as billed.",
    )


def takes_print(command: Command) -> Command:
    """Give a verb a `Print`, from `--format` and `-o`."""

    @wraps(command)
    def called(style: str | None, out: Path | None, **others: object) -> object:
        return command(printed=Print(style=style, out=out), **others)

    return _FORMAT(_OUT(called))


def open_lake(config: Path | None) -> "Lake":
    """Name the lake of a workspace, whatever its catalogue says by now."""
    from costlens.config import find_lake
    from costlens.lake import Lake

    return Lake(find_lake(config))


def who(by: str | None) -> str:
    """Name who does something: as said, else the user of this machine."""
    if by:
        return by
    try:
        return getuser()
    except (KeyError, OSError):  # a container may run as a number that no user has
        return f"user {os.getuid()}"


def load_workspace(config: Path | None) -> Workspace:
    """Read the workspace that a verb works on."""
    from costlens.config import load

    return load(config)
