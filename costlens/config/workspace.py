"""Find costlens.yaml, read it with its catalogue and rates, and check the whole."""

import os
from dataclasses import fields
from pathlib import Path

from costlens.config.checks import check_patterns, check_references
from costlens.config.digest import digest
from costlens.config.edge_checks import order_of_stages
from costlens.config.files import mapping_of, note_unreadable, read_mapping, read_text
from costlens.config.fx import read_fx
from costlens.config.keys import keys_of
from costlens.config.notes import Notes
from costlens.config.read import read
from costlens.config.tabled import (
    add_benefits,
    name_claims,
    read_correlations,
    read_readings,
    read_realised,
)
from costlens.config.value import Value
from costlens.config.values import Catalogue, FxRate, Settings, Workspace
from costlens.errors import CostLensError

_NAME = "costlens.yaml"
_VARIABLE = "COSTLENS_CONFIG"
BENEFITS, REALISED, METRICS = "benefits.csv", "realised.csv", "metrics.csv"
CORRELATIONS = "correlations.csv"
TABLED = (
    "fx.csv",
    BENEFITS,
    REALISED,
    METRICS,
    CORRELATIONS,
)  # beside costlens.yaml, each where there is one
_UNDECIDING = ("memory_limit", "scratch", "access", "reports", "mail", "schedule")


def load(path: Path | None = None) -> Workspace:
    """Read and check a workspace; raise every finding there is as one error.

    `path` is costlens.yaml or its folder. Without it: what COSTLENS_CONFIG names, else
    costlens.yaml in this folder or in a parent. Places are relative to the folder of costlens.yaml.
    """
    config = _find(path)
    folder = config.parent
    notes = Notes()
    settings = _settings(config, notes)
    catalogue = _catalogue(folder, notes)
    fx = _fx(folder / "fx.csv", notes)
    text = _text(folder / BENEFITS, notes)
    if text is not None:
        catalogue = add_benefits(catalogue, text, file=BENEFITS, notes=notes)
    if notes.findings:  # a claim may be missing because it could not be read
        notes.unread.update(("claim", "metric"))
    name_claims(catalogue, notes)
    text = _text(folder / REALISED, notes)
    realised = () if text is None else read_realised(text, file=REALISED, notes=notes)
    text = _text(folder / METRICS, notes)
    readings = () if text is None else read_readings(text, file=METRICS, notes=notes)
    text = _text(folder / CORRELATIONS, notes)
    alike = () if text is None else read_correlations(text, file=CORRELATIONS, notes=notes)
    check_references(notes)
    check_patterns(notes)
    if settings is not None:
        _reports(settings, folder, notes)
    if settings is not None and not notes.findings:  # what could not be read is not left out
        notes.findings.extend(order_of_stages(settings.allocation, catalogue))
    notes.finish()
    assert settings is not None, "settings that were not read have a finding"
    return Workspace(
        folder=folder,
        settings=settings,
        catalogue=catalogue,
        fx=fx,
        realised=realised,
        readings=readings,
        correlations=alike,
        digest=digest(_deciding(settings), catalogue, fx, realised, readings, alike),
    )


def _reports(settings: Settings, folder: Path, notes: Notes) -> None:
    """Check what reports need beside themselves."""
    for report in settings.reports:
        if report.sql and not (folder / report.sql).is_file():
            notes.add(
                f'report "{report.name}" has no file {report.sql}',
                where=report.place,
                hint="write one select into it, or correct sql:",
                code="missing_file",
            )
        if settings.mail is None and any(to.mail for to in report.to):
            notes.add(
                f'report "{report.name}" goes by mail, and no server is named',
                where=report.place,
                hint="add mail: {host: ..., sender: ...} to costlens.yaml",
                code="missing_key",
            )


def _deciding(settings: Settings) -> dict[str, object]:
    """Give the settings that decide a number: where and how wide the work is done does not."""
    return {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if field.name not in _UNDECIDING
    }


def read_catalogue(text: str, *, file: str = "catalogue") -> Catalogue:
    """Read and check a catalogue that is not in a workspace; raise every finding there is."""
    notes = Notes()
    root = mapping_of(text, file, notes)
    found = read(root, Catalogue, notes) if root else Catalogue()
    check_references(notes)
    check_patterns(notes)
    notes.finish()
    assert found is not None, "a catalogue that was not read has a finding"
    return found


def find_settings(path: Path | None = None) -> tuple[Path, Settings]:
    """Read costlens.yaml alone, and name its folder: builds answer without a catalogue."""
    config = _find(path)
    notes = Notes()
    settings = _settings(config, notes)
    notes.finish()
    assert settings is not None, "settings that were not read have a finding"
    return config.parent, settings


def find_lake(path: Path | None = None) -> Path:
    """Find the folder of results."""
    folder, settings = find_settings(path)
    return folder / settings.lake


def find_folder(path: Path | None = None) -> Path:
    """Find the folder of costlens.yaml, whatever that says."""
    return _find(path).parent


def _find(path: Path | None) -> Path:
    """Find costlens.yaml; say each place looked at when there is none."""
    named = os.environ.get(_VARIABLE)
    if path is not None:
        return _named(path, "")
    if named:
        return _named(Path(named), f"{_VARIABLE} names ")
    here = Path.cwd()
    looked = [folder / _NAME for folder in (here, *here.parents)]
    for candidate in looked:
        if candidate.is_file():
            return candidate
    places = "\n    ".join([f"{_VARIABLE}, which is not set", *map(str, looked)])
    raise CostLensError(
        f"no {_NAME} found",
        hint=f"looked at, in order:\n    {places}\n    to see one at work: costlens demo",
    )


def _named(path: Path, by: str) -> Path:
    config = path / _NAME if path.is_dir() else path
    if config.is_file():
        return config.parent.resolve() / config.name
    raise CostLensError(
        f"{by}{config}, and no such file exists" if by else f"no file {config}",
        hint=f"name a {_NAME} or its folder; to see one at work: costlens demo",
    )


def _settings(config: Path, notes: Notes) -> Settings | None:
    root = read_mapping(config, config.name, notes)
    if root is None or not root.entries:
        notes.unread.add("source")
    if root is not None and not root.entries:
        notes.add(
            "the file is empty",
            where=config.name,
            hint='write at least "version: 1" and "sources:"; to see one at work: costlens demo',
        )
        return None
    return read(root, Settings, notes) if root else None


def _catalogue(folder: Path, notes: Notes) -> Catalogue:
    """Read all files of `catalog/` as one, in the order of their names."""
    whole: dict[str, tuple[Value, ...]] = {key.field: () for key in keys_of(Catalogue).values()}
    for path in _catalogue_files(folder / "catalog", notes):
        root = read_mapping(path, f"catalog/{path.name}", notes)
        if root is None:
            notes.unread.update(key.names for key in keys_of(Catalogue).values())
            continue
        one = read(root, Catalogue, notes)
        for field in whole if one else ():
            whole[field] += getattr(one, field)
    return Catalogue(**whole)  # type: ignore[arg-type]  # each list was read by its field's hint


def _catalogue_files(folder: Path, notes: Notes) -> list[Path]:
    try:
        every = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        notes.files.append(folder.name)
        note_unreadable(folder.name, error, notes)
        return []
    return [
        path for path in every if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
    ]


def _fx(path: Path, notes: Notes) -> tuple[FxRate, ...]:
    text = _text(path, notes)
    return () if text is None else read_fx(text, file=path.name, notes=notes)


def _text(path: Path, notes: Notes) -> str | None:
    """Read a file that need not be there, as spreadsheets write it."""
    return read_text(path, path.name, notes, mark=True) if path.is_file() else None
