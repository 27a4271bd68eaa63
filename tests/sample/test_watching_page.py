"""The forecast against what came, on the sample and on real months: the figures of docs/watching.md."""

import csv
import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from company import Company

PAGE = Path(__file__).parents[2] / "docs" / "watching.md"
REAL = Path(__file__).parents[1] / "data" / "series" / "mybinder_2017_2019.csv"
MADE, END = "<!-- made by tests/sample/test_watching_page.py -->", "<!-- end -->"
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))
KNOWN = (0, 7, 14, 21)  # days of the month that have passed
Days = dict[date, Fraction]


def test_the_forecast_beats_the_same_as_last_month(
    sample: Company, golden: Callable[[Path, str], None]
) -> None:
    lines = ["| | the forecast | same as last month |", "|---|---:|---:|"]
    for name, days in daily(sample).items():
        ours, same = errors(days, MONTHS)
        assert mean([mean(known) for known in ours]) < mean(same), name
        lines.append(
            f"| {name} | {percent(mean([mean(known) for known in ours]))} | {percent(mean(same))} |"
        )
    golden(PAGE, with_table(PAGE.read_text(encoding="utf-8"), 0, lines))


def test_the_forecast_beats_the_same_as_last_month_on_real_months(
    golden: Callable[[Path, str], None],
) -> None:
    days = real_days()
    months = [month_of(number) for number in range(2018 * 12 + 1, 2019 * 12 + 9)]
    ours, same = errors(days, months)
    lines = [
        "| known | the forecast | same as last month | the forecast is nearer |",
        "|---|---:|---:|---:|",
    ]
    for known, wrong in zip(KNOWN, ours, strict=True):
        assert mean(wrong) < mean(same), known
        nearer = sum(a < b for a, b in zip(wrong, same, strict=True))
        lines.append(
            f"| {known} days | {percent(mean(wrong))} | {percent(mean(same))} "
            f"| {nearer} of {len(months)} times |"
        )
    text = PAGE.read_text(encoding="utf-8")
    june = date(2018, 6, 1)
    said = forecast(days, june, 0) / whole(days, june) - 1
    assert f"{float(100 * said):.0f} % too high" in text
    golden(PAGE, with_table(text, 1, lines))


@pytest.mark.slow
def test_the_command_says_the_same_of_the_real_bill(company: Company) -> None:
    """Of three of its months, cut in the middle of the third."""
    until = date(2019, 9, 15)
    head, *rows = REAL.read_text().splitlines()
    kept = [row for row in rows if row >= "2019-07" and row[:10] <= str(until)]
    (company.folder / "bill.csv").write_text("\n".join([head, *kept]) + "\n")
    company.source(
        name="mybinder",
        type="generic",
        path="bill.csv",
        columns={"BilledCost": "cost", "ChargePeriodStart": "date", "BillingCurrency": "currency"},
        values={"ProviderName": "Google Cloud", "BillingAccountId": "binder-prod"},
    )
    company.refresh()
    days = real_days()
    said = {row["period"]: row["forecast"] for row in company.ask("forecast")}
    month = date(2019, 9, 1)
    # The newest day counts as coming, so 14 are known.
    expected = forecast(days, month, 14)
    assert units(said["2019-09"]) == units(expected)
    earlier = sum(cost for day, cost in days.items() if date(2019, 7, 1) <= day < month)
    assert units(said["2019-Q3"]) == units(expected + earlier)


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


def real_days() -> Days:
    with REAL.open(encoding="utf-8") as file:
        return {
            date.fromisoformat(row["date"]): Fraction(row["cost"]) for row in csv.DictReader(file)
        }


def errors(days: Days, months: Sequence[date]) -> tuple[list[list[Fraction]], list[Fraction]]:
    """Say how far off each month was, as parts of it: by known days, and the same as last month."""
    ours = [[abs(forecast(days, m, k) / whole(days, m) - 1) for m in months] for k in KNOWN]
    return ours, [abs(whole(days, before(m)) / whole(days, m) - 1) for m in months]


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


def month_of(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def units(amount: str | Fraction) -> int:
    """Round to 10^-12, as far as the forecast tells."""
    return round(Fraction(amount) * 10**12)


def percent(part: Fraction) -> str:
    return f"{float(100 * part):.1f} %"


def with_table(text: str, place: int, lines: list[str]) -> str:
    """Put lines into one of the page's places for tables."""
    parts = text.split(MADE)
    assert len(parts) == 3
    _, end = parts[place + 1].split(END, 1)
    parts[place + 1] = "\n\n" + "\n".join(lines) + "\n\n" + END + end
    return MADE.join(parts)
