"""Windows that partition a window add up to it, whatever they cut through."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from company import Company
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from costlens.lake import Lake
from costlens.questions.ask import open_build
from costlens.questions.window import Window
from costlens.questions.worth import roi

FIRST, AFTER = date(2027, 7, 15), date(2028, 11, 15)  # more than the bills cover
DAYS = st.integers(1, (AFTER - FIRST).days - 1).map(lambda n: FIRST + timedelta(days=n))
FIGURES = ("cost", "benefit_low", "benefit", "benefit_high", "evidenced", "realised")
Sums = dict[tuple[str, str], Decimal]


def add_up(year: Company, level: str, cuts: list[date]) -> Sums:
    """Add the figures of the windows between cuts, by name."""
    sums: Sums = {}
    asked = open_build(Lake(year.folder / "lake"))
    for start, stop in pairwise(cuts):
        window = Window(start=start, stop=stop)
        answer = roi(asked, level=level, basis="billed", window=window)
        for row in answer.rows:
            found = dict(zip(answer.columns, row, strict=True))
            for figure in FIGURES:
                if found[figure] is not None:
                    key = str(found["name"]), figure
                    sums[key] = sums.get(key, Decimal(0)) + found[figure]
    asked.con.close()
    return sums


@settings(max_examples=examples(6), deadline=None)
@given(
    cuts=st.lists(DAYS, min_size=1, max_size=5, unique=True),
    level=st.sampled_from(["product", "feature"]),
)
def test_what_the_parts_of_a_window_bear_adds_up_to_the_whole(
    year: Company, cuts: list[date], level: str
) -> None:
    whole = add_up(year, level, [FIRST, AFTER])
    assert add_up(year, level, [FIRST, *sorted(cuts), AFTER]) == whole
    assert whole["by_day" if level == "product" else "clicks", "benefit"] > 0


def test_a_bill_of_whole_months_brings_in_whole_months(company: Company) -> None:
    company.bill({"cost": "100", "ResourceId": "a", "ChargePeriodEnd": "2026-06-01T00:00:00Z"})
    company.catalogue(
        "products: [{name: shop, billed_by: [{resource_id: a}], benefits: "
        "[{name: sales, kind: revenue, amount: 310, from: 2026-01-01}]}]"
    )
    company.refresh()
    (row,) = company.ask("roi", "--by", "product")
    assert (row["cost"], row["benefit"]) == ("100", "310")
    assert "whose bill is complete" in company.run("report").err
