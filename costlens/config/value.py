"""What every value that is read from YAML is, and how its fields are declared."""

from dataclasses import dataclass, field
from typing import Any

from costlens.errors import Finding


def setting(doc: str, default: Any = None, /, **more: Any) -> Any:  # noqa: ANN401 -- typed by the field
    """Declare an optional field with its help text and default."""
    metadata = {"doc": doc, **more}
    if default == {}:
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def required(doc: str, /, **more: Any) -> Any:  # noqa: ANN401 -- typed by the field
    """Declare a field that must be written, with its help text."""
    return field(metadata={"doc": doc, **more})


@dataclass(frozen=True, kw_only=True)
class Value:
    """A mapping that was read from YAML; `place` is its `file:line`."""

    place: str = field(default="", compare=False)


def mistake(value: Value, message: str, hint: str) -> Finding:
    """Make a finding about a value that was read."""
    return Finding(message=message, where=value.place, hint=hint, code="bad_value")
