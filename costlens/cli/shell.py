"""`costlens shell`."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from costlens.cli.options import open_lake, takes_config
from costlens.errors import CostLensError

_SQL = ("select", "with", "from", "values", "show", "describe", "summarize", "(")
_WORDS = (
    "select from where group by order by having limit join left inner on with as and or not null "
    "case when then else end sum count min max avg distinct between like in desc using union all"
)


@click.command(epilog="Example: costlens shell")
@takes_config
def shell(config: Path | None) -> None:
    """Ask one thing after the other: selects, which end with ; and verbs, such as cost --by model.

    With history and completion of tables, columns and verbs where prompt-toolkit is installed
    (pip install 'costlens[shell]'). Reads commands from a pipe too. `quit`, or Ctrl-D, ends.
    """
    from costlens.cli.main import VERBS

    lake = open_lake(config)
    lake.build()  # which says so where nothing is built yet
    where = ["--config", str(config)] if config else []
    for line in _statements(_reader(_names, list(VERBS))):
        if line in ("quit", "exit", r"\q"):
            return
        words = ["query", line] if _is_sql(line) else _split(line)
        if words:
            _run([words[0], *words[1:], *([] if words[0] == "shell" else where)])


def _is_sql(line: str) -> bool:
    return line.lower().startswith(_SQL)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        click.echo(f"costlens: {error}", err=True)
        return []


def _run(words: list[str]) -> None:
    """Run one command; what is wrong with it is said, and the next one may come."""
    from costlens.cli.main import root

    try:
        root(words, prog_name="costlens", standalone_mode=False)
    except CostLensError as error:
        for finding in error.findings:
            click.echo(f"costlens: {finding}", err=True)
    except click.ClickException as error:
        error.show()
    except (click.exceptions.Exit, click.Abort, SystemExit, KeyboardInterrupt):
        pass


def _statements(lines: Iterator[str]) -> Iterator[str]:
    """Put the lines of a select together, up to its semicolon; a verb is one line."""
    held: list[str] = []
    for line in lines:
        if not held and not line.strip():
            continue
        held.append(line)
        if not _is_sql(held[0].strip()) or line.rstrip().endswith(";"):
            yield "\n".join(held).strip()
            held = []
    if held:
        yield "\n".join(held).strip()


def _reader(names: Callable[[], list[str]], verbs: list[str]) -> Iterator[str]:
    """Read lines: from a terminal with all comfort there is, else as they come."""
    if not sys.stdin.isatty():
        yield from (line.rstrip("\n") for line in sys.stdin)
        return
    try:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory
    except ModuleNotFoundError:
        yield from _plain()
        return
    words = [*_WORDS.split(), *names(), *verbs, "quit"]
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(_history())),
        completer=WordCompleter(words, ignore_case=True),
        complete_while_typing=False,
    )
    while True:
        try:
            yield session.prompt("costlens> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _plain() -> Iterator[str]:
    while True:
        try:
            yield input("costlens> ")
        except EOFError:
            return


def _history() -> Path:
    """Name the file of what was asked before, in the user's own folder."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(base) / "costlens"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "history"


def _names() -> list[str]:
    from costlens.lake import TABLES

    columns = (column for table in TABLES.values() for column in table.columns)
    return sorted({*TABLES, *columns})
