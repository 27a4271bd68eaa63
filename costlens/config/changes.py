"""What a user writes to ask "what if": changes to a published build, which nothing stores."""

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
class Changes(Value):
    """What would be different."""

    drop: tuple[str, ...] = setting(f"what goes: {_TARGET}", ())
    merge: tuple[Merge, ...] = setting("what goes because another thing does the same", ())
    weight: tuple[Reweigh, ...] = setting("declared weights", ())
    price: tuple[Reprice, ...] = setting("prices, by the charges that have them", ())
    volume: tuple[Rescale, ...] = setting("how much things are used", ())

    @property
    def gone(self) -> tuple[str, ...]:
        """Name all that goes."""
        return (*self.drop, *(one.drop for one in self.merge))


def read_changes(path: Path) -> Changes:
    """Read a file of changes; raise every finding there is."""
    notes = Notes()
    text = read_text(path, path.name, notes)
    root = mapping_of(text, path.name, notes) if text is not None else None
    found = read(root, Changes, notes) if root else None
    if found is not None and not (found.gone or found.weight or found.price or found.volume):
        notes.add(
            "changes nothing",
            where=path.name,
            hint="write what goes, such as: drop: [feature:fv_orders]",
            code="no_change",
        )
    notes.finish()
    assert found is not None, "changes that were not read have a finding"
    return found
