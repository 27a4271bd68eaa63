"""How alike the values of two features are, as somebody measured it."""

from dataclasses import dataclass
from decimal import Decimal

from costlens.config.value import Value, required


@dataclass(frozen=True, kw_only=True)
class Correlation(Value):
    """The values of two features beside each other, as a line of `correlations.csv`."""

    feature: str = required("a feature", ref="feature")
    other: str = required("the other one", ref="feature")
    correlation: Decimal = required("of their values, from -1 to 1", least=-1, most=1)
