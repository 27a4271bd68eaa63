"""The forecast against what came, on the sample: the figures of docs/watching.md."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from company import Company

PAGE = Path(__file__).parents[2] / "docs" / "watching.md"
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))
KNOWN = (0, 7, 14, 21)  # days of the month that have passed
Days = dict[date, Fraction]


def test_the_forecast_beats_the_same_as_last_month(
    sample: Company, golden: Callable[[Path, str], None]
) -> None:
    series = daily(sample)
    lines = ["| | the forecast | same as last month |", "|---|---:|---:|"]
    for name, days in series.items():
        ours = mean([abs(forecast(days, m, k) / whole(days, m) - 1) for m in MONTHS for k in KNOWN])
        same = mean([abs(whole(days, before(m)) / whole(days, m) - 1) for m in MONTHS])
        assert ours < same, name
        lines.append(f"| {name} | {float(100 * ours):.1f} % | {float(100 * same):.1f} % |")
    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index("-->\n") + 4, text.index("<!-- end -->")
    golden(PAGE, text[:begin] + "\n" + "\n".join(lines) + "\n\n" + text[end:])


def test_the_real_month_is_what_the_page_says() -> None:
    """Its days, of the workshop's report, add up to the figures of the page."""
    import duckdb

    report = Path(__file__).parents[1] / "data" / "aws_cur" / "workshop_2018_11.snappy.parquet"
    with duckdb.connect() as con:
        rows = con.execute(
            "select line_item_usage_start_date::date, "
            "sum(line_item_unblended_cost::decimal(38, 12)) from read_parquet(?) group by 1",
            [str(report)],
        ).fetchall()
    days = {day: Fraction(cost) for day, cost in rows}
    month = date(2018, 11, 1)
    so_far = sum(cost for day, cost in days.items() if day < date(2018, 11, 15))
    said = re.search(
        r"after 14 days it foretold ([\d,]+) and the month came to ([\d,]+)", PAGE.read_text()
    )
    assert said
    foretold = so_far + so_far / 14 * 16
    assert [f"{float(foretold):,.0f}", f"{float(whole(days, month)):,.0f}"] == [*said.groups()]


def daily(company: Company) -> dict[str, Days]:
    """Ask what the bill and each product cost on each day."""
    rows = company.ask(
        "query",
        "select case when target like '(%' then '' else target end as name, day, "
        "sum(effective) as cost from ledger where level = 'product' group by all",
    )
    series: dict[str, Days] = {"the bill": {}}
    for row in rows:
        day, cost = date.fromisoformat(row["day"]), Fraction(row["cost"])
        series["the bill"][day] = series["the bill"].get(day, Fraction(0)) + cost
        if row["name"]:
            series.setdefault(f"`{row['name']}`", {})[day] = cost
    return dict(sorted(series.items(), key=lambda one: (one[0] != "the bill", one[0])))


def forecast(days: Days, month: date, known: int) -> Fraction:
    """Foretell a month from the days before the one that comes next."""
    start = month + timedelta(known)
    so_far = sum((days.get(month + timedelta(at), Fraction(0)) for at in range(known)), Fraction(0))
    recent = [days.get(start - timedelta(at), Fraction(0)) for at in range(1, 29)]
    return so_far + mean(recent) * (monthrange(month.year, month.month)[1] - known)


def whole(days: Days, month: date) -> Fraction:
    return sum((cost for day, cost in days.items() if day.replace(day=1) == month), Fraction(0))


def before(month: date) -> date:
    return (month - timedelta(1)).replace(day=1)


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)
