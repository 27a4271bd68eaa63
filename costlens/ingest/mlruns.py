"""Tables out of MLflow's file store, under the names and columns that its database has."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.file_store import TRASH
from costlens.ingest.packs import Pack
from costlens.lake.views import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML was built without libyaml: slower, the same values
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]  # the same interface

# Column to the keys of meta.yaml that it may have; x_run and x_dataset are names of folders.
_KEYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "runs": {
        "run_uuid": ("run_id", "run_uuid"),
        "experiment_id": ("experiment_id",),
        "status": ("status",),
        "start_time": ("start_time",),
        "end_time": ("end_time",),
        "name": ("run_name", "name"),
        "user_id": ("user_id",),
        "lifecycle_stage": ("lifecycle_stage",),
    },
    "experiments": {"experiment_id": ("experiment_id",), "name": ("name",)},
    "model_versions": {
        "name": ("name",),
        "version": ("version",),
        "creation_time": ("creation_timestamp",),
        "run_id": ("run_id",),
        "source": ("source",),
    },
    "logged_models": {"model_id": ("model_id",), "source_run_id": ("source_run_id",)},
    "inputs": {
        "source_type": ("source_type",),
        "source_id": ("source_id",),
        "destination_type": ("destination_type",),
        "destination_id": ("x_run",),  # meta.yaml has the dataset here too
    },
    "datasets": {"dataset_uuid": ("x_dataset",), "dataset_schema": ("schema",)},
}
_STATUS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
_HISTORY = "mlflow.log-model.history"


def tables_of_store(
    con: "DuckDBPyConnection",
    store: SourceFile,
    *,
    pack: Pack,
    staging: Path,
    limit: int | None,
) -> dict[str, tuple[SourceFile, list[str]]]:
    """Write each table of the pack that a store has, with the file of each row.

    Raises for every file that is broken or cut short.
    """
    files: dict[str, list[_Part]] = {}
    for table, file in store.parts:
        path = file.path.relative_to(store.path)
        names = path.parts[path.parts[0] == TRASH :]
        files.setdefault(table, []).append(_Part(file=file, path=path, names=names))
    files = {table: of[:limit] for table, of in files.items()}
    findings: list[Finding] = []
    found: dict[str, tuple[SourceFile, list[str]]] = {}
    for table in (table for table in pack.description.tables if table in _KEYS):
        rows = list(_rows(table, files.get(table, ()), pack, findings))
        out = _out(staging, "csv")
        with out.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.DictWriter(opened, [*_KEYS[table]])
            writer.writeheader()
            writer.writerows(row for _, row in rows)
        found[table] = _staged(store, table, out), [part.file.name for part, _ in rows]
    link = _out(staging, "store")  # a name without marks of a glob
    link.symlink_to(store.path.resolve())
    texts = _Texts(con=con, store=store, link=link, staging=staging, findings=findings)
    found["tags"] = texts.tags(files.get("tags", []), list(_models(files, findings)))
    found["latest_metrics"] = texts.metrics(files.get("latest_metrics", []))
    if findings:
        raise CostLensError(findings=findings)
    needed = [table for table, one in pack.description.tables.items() if not one.optional]
    return {table: one for table, one in found.items() if one[1] or table in needed}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A file of a store: its path in there, and that without the folder of what was deleted."""

    file: SourceFile
    path: Path
    names: tuple[str, ...]

    @property
    def key(self) -> str:
        """The tag or metric that a file of a run holds."""
        return "/".join(self.names[3:])


def _rows(
    table: str, parts: Sequence[_Part], pack: Pack, findings: list[Finding]
) -> Iterator[tuple[_Part, dict[str, object]]]:
    """Take the columns of a table out of each meta.yaml."""
    for part in parts:
        meta = _meta(part.file, findings)
        if meta is not None:
            row = _row(meta, part.names, _KEYS[table])
            findings += _lacking(part.file, row, table, pack.description.tables[table].needs)
            yield part, row


def _meta(file: SourceFile, findings: list[Finding]) -> dict[str, Any] | None:
    """Parse a file of YAML, whose values are of any type; what is none is told."""
    text = file.path.read_bytes()
    if not text.endswith(b"\n"):
        line = text.count(b"\n") + 1
        told = "is cut short: its last line does not end" if text else "is empty"
        findings.append(_broken(f"{file.name}:{line}" if text else file.name, told))
        return None
    try:
        meta = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = min(mark.line + 1, text.count(b"\n")) if mark else 1
        findings.append(_broken(f"{file.name}:{line}", "is not YAML as MLflow writes it"))
        return None
    if isinstance(meta, dict):
        return meta
    findings.append(_broken(f"{file.name}:1", "is not YAML as MLflow writes it"))
    return None


def _row(
    meta: Mapping[str, Any], place: Sequence[str], keys: Mapping[str, tuple[str, ...]]
) -> dict[str, object]:
    has = {**meta, "x_run": place[1], "x_dataset": place[-2]}
    row: dict[str, object] = {
        column: next((has[key] for key in names if has.get(key) not in (None, "")), None)
        for column, names in keys.items()
    }
    if "status" in row:
        row["status"] = _STATUS.get(str(row["status"]), row["status"])
    return row


def _lacking(
    file: SourceFile, row: Mapping[str, object], table: str, needs: Sequence[str]
) -> Iterator[Finding]:
    for column in needs:
        if row[column] is None:
            yield _broken(file.name, f"has no {_KEYS[table][column][0]}")


def _models(
    files: Mapping[str, Sequence[_Part]], findings: list[Finding]
) -> Iterator[tuple[_Part, str, str]]:
    """Give what models say of themselves, as the tag in which runs tell it, where none does."""
    tagged = {part.names[1] for part in files.get("tags", ()) if part.key == _HISTORY}
    histories: dict[str, tuple[_Part, list[dict[str, Any]]]] = {}
    for part in files.get("MLmodel", ()):
        meta = _meta(part.file, findings) or {}
        run = meta.get("run_id")
        if run and run not in tagged and meta.get("signature"):
            _, history = histories.setdefault(run, (part, []))
            history.append({"run_id": run, "signature": meta["signature"]})
    for run, (part, history) in histories.items():
        yield part, run, json.dumps(history)


@dataclass(frozen=True, kw_only=True)
class _Texts:
    """Reads the tags and metrics of a store, whose files are plain text."""

    con: "DuckDBPyConnection"
    store: SourceFile
    link: Path
    staging: Path
    findings: list[Finding]

    def tags(
        self, parts: Sequence[_Part], models: Sequence[tuple[_Part, str, str]]
    ) -> tuple[SourceFile, list[str]]:
        """Write the tags, and what models say as further ones."""
        out = _out(self.staging, "parquet")
        given = {
            **self._given(parts),
            "read": [str(self.link / part.path) for part in parts or [one[0] for one in models]],
            "model_runs": [run for _, run, _ in models],
            "histories": [history for _, _, history in models],
            "history": _HISTORY,
        }
        rows = [*parts, *(part for part, _, _ in models)]
        self._write("tags", given, out, rows)
        return _staged(self.store, "tags", out), [part.file.name for part in rows]

    def metrics(self, parts: Sequence[_Part]) -> tuple[SourceFile, list[str]]:
        """Write the last value of each metric."""
        out = _out(self.staging, "parquet")
        if self._write("metrics", self._given(parts), out, parts):
            rows = self.con.cursor().execute(
                f"select place, unread from {literal(str(out))} where unread is not null"
            )
            for place, line in rows.fetchall():
                told = "is no line of a metric: a time, a value and a step"
                self.findings.append(_broken(f"{parts[place - 1].file.name}:{line}", told))
        return _staged(self.store, "latest_metrics", out), [part.file.name for part in parts]

    def _given(self, parts: Sequence[_Part]) -> dict[str, object]:
        return {
            "paths": [str(self.link / part.path) for part in parts],
            "runs": [part.names[1] for part in parts],
            "keys": [part.key for part in parts],
        }

    def _write(
        self, kind: str, given: Mapping[str, object], out: Path, parts: Sequence[_Part]
    ) -> bool:
        """Write the rows of a query over the texts; False where there are none."""
        import duckdb

        if not parts:
            return False
        sql = Path(__file__).with_name(f"mlruns_{kind}.sql").read_text(encoding="utf-8")
        try:
            self.con.cursor().execute(
                f"copy ({sql}) to {literal(str(out))} (format parquet)", given
            ).fetchall()
        except duckdb.InvalidInputException:
            torn = [part.file for part in parts if not _is_text(part.file)]
            if not torn:
                raise
            self.findings.extend(_broken(file.name, "is not UTF-8 text") for file in torn)
            return False
        return True


def _is_text(file: SourceFile) -> bool:
    try:
        file.path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _out(staging: Path, suffix: str) -> Path:
    return staging / f"mlruns-{len(list(staging.iterdir()))}.{suffix}"


def _staged(store: SourceFile, table: str, out: Path) -> SourceFile:
    kind = out.suffix.removeprefix(".")
    return replace(store, name=f"{store.name}, table {table}", path=out, format=kind, parts=())


def _broken(where: str, message: str) -> Finding:
    return Finding(
        message=message,
        where=where,
        hint="copy it again from where MLflow wrote it, or take its folder out of the store",
        code="bad_file",
    )
