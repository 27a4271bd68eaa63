"""What a user writes to ask "what if": changes to a published build, which nothing stores."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from costlens.config.files import mapping_of, read_text
from costlens.config.notes import Notes
from costlens.config.read import read
from costlens.config.value import Value, required, setting
from costlens.config.values import Selector

_TARGET = "KIND:NAME, such as feature:fv_orders"


@dataclass(frozen=True, kw_only=True)
class Merge(Value):
    """One thing taken for another from now on."""

    drop: str = required(f"what goes: {_TARGET}")
    into: str = required("what its users take instead, of the same kind")


@dataclass(frozen=True, kw_only=True)
class Reweigh(Value):
    """A new declared weight."""

    target: str = required(_TARGET)
    weight: Decimal = required("its weight where a stage serves several, 0 or more", least=0)


@dataclass(frozen=True, kw_only=True)
class Reprice(Selector):
    """Charges that cost more or less; picked as by `billed_by`."""

    factor: Decimal = required("what each of their amounts is multiplied by, 0 or more", least=0)


@dataclass(frozen=True, kw_only=True)
class Rescale(Value):
    """A thing that is asked for more or less, and takes more or less of others."""

    target: str = required(_TARGET)
    factor: Decimal = required("what its activity is multiplied by, 0 or more", least=0)


@dataclass(frozen=True, kw_only=True)
class Reown(Value):
    """A thing that another team owns, on all days."""

    target: str = required("KIND:NAME of a feature, model, product, pipeline, stage or resource")
    team: str = required("the team that owns it")


@dataclass(frozen=True, kw_only=True)
class Changes(Value):
    """What would be different."""

    drop: tuple[str, ...] = setting(f"what goes: {_TARGET}", ())
    merge: tuple[Merge, ...] = setting("what goes because another thing does the same", ())
    weight: tuple[Reweigh, ...] = setting("declared weights", ())
    price: tuple[Reprice, ...] = setting("prices, by the charges that have them", ())
    volume: tuple[Rescale, ...] = setting("how much things are used", ())
    owner: tuple[Reown, ...] = setting("who owns what", ())
    end_commitments: tuple[str, ...] = setting(
        "commitments that end, by CommitmentDiscountId with * and ?: what they cover costs its "
        "contracted price, and their fees are gone",
        (),
    )

    @property
    def gone(self) -> tuple[str, ...]:
        """Name all that goes."""
        return (*self.drop, *(one.drop for one in self.merge))


def read_changes(path: Path) -> Changes:
    """Read a file of changes; raise every finding there is."""
    notes = Notes()
    text = read_text(path, path.name, notes)
    return _changes(text, path.name, notes)


def changes_of(said: Mapping[str, object]) -> Changes:
    """Read changes that are in no file; raise every finding there is."""
    return _changes(json.dumps(said, default=str, indent=1), "changes", Notes())


def _changes(text: str | None, name: str, notes: Notes) -> Changes:
    root = mapping_of(text, name, notes) if text is not None else None
    found = read(root, Changes, notes) if root else None
    if found == Changes():
        notes.add(
            "changes nothing",
            where=name,
            hint="write what goes, such as: drop: [feature:fv_orders]",
            code="no_change",
        )
    notes.finish()
    assert found is not None, "changes that were not read have a finding"
    return found
