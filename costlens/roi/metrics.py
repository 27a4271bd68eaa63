"""What products are measured by, as rows: high-level metrics, and those under each."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from costlens.config.metrics import Driver, Metric, Reading
from costlens.config.values import Catalogue
from costlens.roi.claims import text

Row = dict[str, Any]  # a JSON object: text, whole numbers, null


def metric_rows(catalogue: Catalogue, readings: Sequence[Reading]) -> Iterator[Row]:
    """Write metrics down as rows of the table `metrics`: what each is, then its months."""
    read: dict[str, list[Reading]] = {}
    for reading in readings:
        read.setdefault(reading.metric, []).append(reading)
    places = count(1)
    for product in catalogue.products:
        for high in product.metrics:
            both: tuple[Metric | Driver, ...] = (high, *high.under)
            for one in both:
                is_low = isinstance(one, Driver)
                whole = "/".join([product.name, high.name, *([one.name] if is_low else [])])
                yield from _rows(
                    one,
                    read.get(whole, []),
                    product=product.name,
                    under=high.name if is_low else None,
                    place=next(places),
                )


def _rows(one: Metric | Driver, readings: Sequence[Reading], **of: object) -> Iterator[Row]:
    named = {"metric": one.name, **of}
    target = None
    if isinstance(one, Driver):
        target = f"model:{one.model}" if one.model else one.feature and f"feature:{one.feature}"
    yield {
        **named,
        "unit": one.unit,
        "goal": text(one.goal),
        "better": one.better,
        "of": target,
        "read_from": one.place,
    }
    for reading in readings:
        yield {
            **named,
            "month": reading.month,
            "value": text(reading.value),
            "read_from": reading.place,
        }
