"""What a product is to achieve, and what is worked on for it; and what both were each month."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from costlens.config.value import Value, required, setting


@dataclass(frozen=True, kw_only=True)
class Driver(Value):
    """A low-level metric that is worked on for a high-level one."""

    name: str = required("its name")
    unit: str | None = setting("its unit")
    goal: Decimal | None = setting("what it is to reach")
    better: Literal["more", "less"] = setting("which way is better", "more")
    model: str | None = setting("the model that it is of", None, ref="model")
    feature: str | None = setting("the feature that it is of", None, ref="feature")


@dataclass(frozen=True, kw_only=True)
class Metric(Value):
    """A high-level metric of a product: what people are to get."""

    name: str = required("its name")
    unit: str | None = setting("its unit")
    goal: Decimal | None = setting("what it is to reach")
    better: Literal["more", "less"] = setting("which way is better", "more")
    under: tuple[Driver, ...] = setting("the metrics that are worked on for it", ())


@dataclass(frozen=True, kw_only=True)
class Reading(Value):
    """What a metric was in one month, as a line of `metrics.csv`."""

    metric: str = required("PRODUCT/METRIC, or PRODUCT/METRIC/LOW", ref="metric")
    month: str = required("the calendar month", form="month")
    value: Decimal = required("what it was")
