"""What AWS answered, kept as one answer a line: `<account>/<region>/<type>/<table>/<month>.jsonl`.

An answer is what the API gave, in the form that `aws ... --output json` prints, without what may
hold secrets. A file is written whole and then renamed. What was asked for last stands beside the
answers and is written after them: whatever died in between is asked for again.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from costlens.errors import CostLensError

Answer = dict[str, Any]  # any: what JSON holds
Key = Callable[[Answer], str]
_STATE = ".asked.json"
# May hold passwords, and says nothing of time, size or what was made.
_NOT_KEPT = {
    "ResponseMetadata",
    "Environment",
    "environment",
    "HyperParameters",
    "TunedHyperParameters",
    "StaticHyperParameters",
    "KerberosAttributes",
    "Config",
    "Configurations",
    "configurationOverrides",
    "executionIamPolicy",
    "jobDriver",
    "command",
    "overrides",
    "parameters",
    "secrets",
    "ContainerArguments",
    "ContainerEntrypoint",
}
_ARGUMENTS = ("--WORKFLOW_NAME", "--WORKFLOW_RUN_ID", "--JOB_NAME")  # Glue's own


def cache_of(lake: Path, source: str) -> Path:
    """Name the folder that the answers for a source lie in."""
    return lake.resolve() / ".aws" / quote(source, safe="").replace(".", "%2E")


def plain(value: Any, *, of: str = "") -> Any:  # noqa: ANN401 -- what boto3 gives
    """Turn what boto3 made of an answer into what the CLI prints of it, without secrets."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if of in ("Tags", "tags"):  # its keys are the user's own
        return value
    if of == "Arguments":
        return {name: value[name] for name in _ARGUMENTS if name in value}
    return {name: plain(one, of=name) for name, one in value.items() if name not in _NOT_KEPT}


def month_of(time: datetime | int) -> str:
    """Name the month of a time, or of milliseconds since 1970."""
    if not isinstance(time, datetime):
        time = datetime.fromtimestamp(time / 1000, UTC)
    return time.astimezone(UTC).strftime("%Y-%m")


@dataclass(kw_only=True)
class Kept:
    """The answers of one region, and what was asked for last."""

    folder: Path
    first: date | None = None  # the day that counts first, where nobody wrote one
    asked: dict[str, str] = field(default_factory=dict)  # table to the time it was read up to
    unfinished: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # table, key: args

    @classmethod
    def of(cls, folder: Path) -> "Kept":
        """Open the answers of a region."""
        if not (folder / _STATE).exists():
            return cls(folder=folder)
        state = _read_json(folder / _STATE)
        first = date.fromisoformat(state.pop("first"))
        return cls(folder=folder, first=first, **state)

    def since(self, table: str, first: datetime) -> datetime:
        """Give the time up to which a table was read, or the first that counts."""
        asked = self.asked.get(table)
        begun = self.asked.get(f"{table} since")
        if asked is None or begun is None or datetime.fromisoformat(begun) > first:
            return first
        return datetime.fromisoformat(asked)

    def done(self, table: str, upto: datetime, first: datetime) -> None:
        """Note that a table was read from the first day that counts up to a time."""
        self.asked |= {table: upto.isoformat(), f"{table} since": first.isoformat()}
        self.keep_state()

    def keep_state(self) -> None:
        """Write what was asked for."""
        first = self.first.isoformat() if self.first else None
        state = {"first": first, "asked": self.asked, "unfinished": self.unfinished}
        _write(self.folder / _STATE, [json.dumps(state, sort_keys=True)])

    def read(self, table: str, month: str, key: Key) -> dict[str, Answer]:
        """Read the answers of a month, each by its key."""
        path = self._path(table, month)
        return {key(one): one for one in _read_lines(path)} if path.exists() else {}

    def add(self, table: str, month: str, key: Key, answers: Iterable[Answer]) -> None:
        """Put answers with those of a month; one of the same key takes the other's place."""
        new = {key(one): one for one in answers}
        if not new:
            return
        whole = {**self.read(table, month, key), **new}
        lines = [json.dumps(whole[name], sort_keys=True) for name in sorted(whole)]
        _write(self._path(table, month), lines)

    def months(self, table: str) -> list[str]:
        """Name the months a table has answers of."""
        return sorted(path.stem for path in (self.folder / table).glob("*.jsonl"))

    def files(self) -> Iterator[Path]:
        """Name the files of all answers."""
        yield from sorted(self.folder.glob("*/*.jsonl"))

    def _path(self, table: str, month: str) -> Path:
        return self.folder / table / f"{month}.jsonl"


def _write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(path)


def _read_lines(path: Path) -> Iterator[Answer]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield json.loads(line)
            except ValueError:
                raise _broken(path, f"{path}:{number}") from None


def _read_json(path: Path) -> Answer:
    try:
        found: Answer = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise _broken(path, str(path)) from None
    return found


def _broken(path: Path, where: str) -> CostLensError:
    return CostLensError(
        "is no longer as it was kept",
        where=where,
        hint=f"delete {path.parent}: what AWS still knows is asked for again",
    )
