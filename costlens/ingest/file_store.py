"""List what counts of MLflow's file store, a folder with one small file a value."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from costlens.ingest.packs import Description

META = "meta.yaml"
TRASH = ".trash"
_MODELS, _METRIC = "models", "metrics."
_NO_RUNS = ("tags", "datasets", "traces", _MODELS)  # of an experiment


def is_store(folder: Path) -> bool:
    """Say whether a folder is such a store: its folders have a meta.yaml, and names of theirs."""
    if not (folder / TRASH).is_dir() and not (folder / "0" / META).is_file():
        return False
    return any(_below(folder, META)) or any(_below(folder / TRASH, META))


def files_of_store(root: Path, described: Description) -> Iterator[tuple[str, Path]]:
    """Give each file that counts with the table it has a row of; of metrics those the pack names.

    The meta.yaml of a run is given also where it is missing. What was deleted counts: it was paid.
    """
    aliases = [one.aliases.values() for one in described.tables.values()]
    names = {name for one in aliases for spelled in one for name in spelled}
    metrics = sorted(name.removeprefix(_METRIC) for name in names if name.startswith(_METRIC))
    for place in (root, root / TRASH):
        for experiment in _folders(place):
            if place == root and experiment.name == _MODELS:
                continue
            yield from (("experiments", path) for path in _one(experiment / META))
            yield from (("datasets", path) for path in _below(experiment / "datasets", META))
            yield from (("logged_models", path) for path in _below(experiment / _MODELS, META))
            yield from (("MLmodel", path) for path in _packed(experiment / _MODELS))
            for run in _folders(experiment):
                if run.name not in _NO_RUNS:
                    yield from _of_run(run, metrics)
    for model in _folders(root / _MODELS):
        yield from (("model_versions", path) for path in _below(model, META))


def _of_run(run: Path, metrics: Sequence[str]) -> Iterator[tuple[str, Path]]:
    yield "runs", run / META
    for folder, _, names in os.walk(run / "tags"):
        yield from (("tags", Path(folder) / name) for name in sorted(names))
    for key in metrics:
        yield from (("latest_metrics", path) for path in _one(run / "metrics" / key))
    yield from (("inputs", path) for path in _below(run / "inputs", META))
    yield from (("MLmodel", path) for path in _one(run / "artifacts" / "MLmodel"))
    yield from (("MLmodel", path) for path in _below(run / "artifacts", "MLmodel"))


def _packed(models: Path) -> Iterator[Path]:
    for model in _folders(models):
        yield from _one(model / "artifacts" / "MLmodel")


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    with os.scandir(place) as entries:
        found = [entry.name for entry in entries if entry.is_dir() and entry.name != TRASH]
    return [place / name for name in sorted(found)]


def _below(place: Path, name: str) -> Iterator[Path]:
    for folder in _folders(place):
        yield from _one(folder / name)


def _one(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
