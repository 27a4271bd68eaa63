"""What a declared benefit comes to in a window, to the last unit, beside what its target cost."""

from decimal import Decimal

import pytest
from company import Company
from year import COSTS, MONTHS

COLUMNS = ["name", "currency", "cost", "avoidable", "benefit_low", "benefit", "benefit_high"]
COLUMNS += ["evidenced", "realised", "net", "roi", "evidence_level"]
FIGURES = ("benefit_low", "benefit", "benefit_high", "evidenced", "net", "roi")
Rows = dict[str, dict[str, str]]


def asked(year: Company, *words: str) -> Rows:
    return {row["name"]: row for row in year.ask("roi", *words)}


def days(first: str, after: str) -> tuple[str, ...]:
    return "--start", first, "--stop", after


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(
            ("--month", "2028-02"),
            {
                "by_month": "1234.56",  # a whole month is the amount itself
                "hundred": "100",
                "by_quarter": "290",  # 910 over 31 + 29 + 31 days
                "by_year": "290",  # 3660 over 366 days
                "by_day": "72.5",
                "one_deal": "500",
                "four_days": "300",  # the first three of February, of four days
                "ten_days": None,
                "ramped": "83.333333333334",  # month 5 of 6: 250 - 166.666666666666
                "ramped_mid_month": "232.5",  # 15 days of 31 a day, half of it
                "worse": "-0.000000000007",
            },
            id="a whole leap February",
        ),
        pytest.param(
            days("2028-02-10", "2028-02-11"),
            {
                "hundred": "3.448275862069",  # 34.482758620689 - 31.034482758620
                "by_quarter": "10",
                "by_year": "10",
                "by_day": "2.5",
                "one_deal": None,
                "worse": "0",
            },
            id="one day",
        ),
        pytest.param(
            ("--month", "2027-12"),
            {
                "ten_days": "100",
                "over_new_year": "2",
                "by_quarter": "306.630434782609",  # 910 / 92 * 31, the last days of the quarter
                "by_year": "310.849315068494",  # 3660 less 334 / 365 of it, that rounded down
                "ramped": "50",
            },
            id="December of a common year",
        ),
        pytest.param(
            ("--month", "2028-01"),
            {"over_new_year": "2", "four_days": "100", "one_deal": None, "by_year": "310"},
            id="over new year",
        ),
        pytest.param(
            ("--month", "2028-03"),
            {"ramped_mid_month": "696", "by_quarter": "310", "ramped": "100"},
            id="the step of a ramp within a month",  # 14 days of 14.5 and 17 of 29
        ),
        pytest.param(
            ("--month", "2028-01..2028-03"),
            {"by_quarter": "910", "four_days": "400", "over_new_year": "2"},
            id="a quarter",
        ),
        pytest.param(
            ("--month", "2027-10..2028-09"),
            {"ramped": "950", "by_day": "915", "by_month": "14814.72"},
            id="a year with a ramp of six months",
        ),
        pytest.param(
            ("--month", "2028-10"),
            {
                "by_day": "50",
                "by_year": "200",
                "hundred": "64.516129032258",
                "ramped": "64.516129032258",
            },
            id="a month in progress counts to the last day of the bill",
        ),
        pytest.param(
            ("--month", "2028-10..2029-12"),
            {"by_day": "50", "by_year": "200"},
            id="months to come have no bill",
        ),
        pytest.param(("--month", "2027-09"), {}, id="a month without a bill"),
        pytest.param(
            days("2027-08-30", "2027-10-03"),
            {"by_day": "10"},
            id="days around a month without a bill",
        ),
        pytest.param((), {"by_day": "1042.5", "one_deal": "500"}, id="all days that were billed"),
    ],
)
def test_a_benefit_counts_for_the_days_that_were_billed(
    year: Company, words: tuple[str, ...], expected: dict[str, str | None]
) -> None:
    rows = asked(year, *words)
    for name, benefit in expected.items():
        if benefit is None:
            assert name not in rows  # it costs nothing and claims nothing here
        else:
            assert Decimal(rows[name]["benefit"]) == Decimal(benefit), name
    if not expected:
        assert rows == {}


def test_the_columns_are_those_that_reports_and_pages_read(year: Company) -> None:
    assert list(year.ask("roi", "--month", "2028-02")[0]) == COLUMNS


def test_figures_add_up_over_claims_and_the_weakest_evidence_counts(year: Company) -> None:
    row = asked(year, "--month", "2028-02")["ranged"]
    wanted = [
        "8",
        "8",
        "16",
        "24",
        "32.25",
        "24",
        "",
        "16",
        "2",
        "3 before/after",
    ]  # 8 * 0.25 is also low
    assert [row[column] for column in COLUMNS[2:]] == wanted


def test_a_loss_has_a_negative_return_and_a_range_below_zero(year: Company) -> None:
    row = asked(year, "--month", "2028-02")["losing"]
    assert [row[column] for column in COLUMNS[2:]] == [
        *("2.5", "2.5", "-3", "1", "4", "0", "", "-1.5", "-0.6", "1 declared")
    ]


def test_words_never_become_money(year: Company) -> None:
    row = asked(year, "--month", "2028-02")["trusted"]
    assert [row[figure] for figure in FIGURES] == [""] * 6
    assert (row["cost"], row["evidence_level"]) == ("1", "0 qualitative")


def test_what_claims_nothing_shows_its_cost_and_no_return(year: Company) -> None:
    row = asked(year, "--month", "2028-02")["silent"]
    assert [row[figure] for figure in FIGURES] == [""] * 6
    assert (row["cost"], row["evidence_level"]) == ("0.333333333333", "cost only")


def test_what_costs_nothing_has_a_benefit_and_no_ratio(year: Company) -> None:
    row = asked(year, "--month", "2028-02")["hundred"]
    assert [row[column] for column in COLUMNS[2:]] == [
        *("0", "0", "100", "100", "100", "0", "", "100", "", "1 declared")
    ]


def test_models_and_features_have_what_a_share_declares_and_nothing_else(year: Company) -> None:
    models = asked(year, "--by", "model", "--month", "2028-02")
    assert {name: row["benefit"] for name, row in models.items()} == {
        "churn": "600",
        "uplift": "400",  # and half of the median 200 of what benefits.csv declares
        "insisted": "47.483516483517",  # 29 and 58 / 91 * 29 of a quarter
        "other": "",
        "(idle)": "",
        "(no model)": "",
        "(unmatched)": "",
    }
    assert models["churn"]["evidence_level"] == "4 quasi-experiment"
    assert (models["churn"]["cost"], models["churn"]["roi"]) == ("30", "19")
    assert models["other"]["evidence_level"] == "cost only"
    features = asked(year, "--by", "feature", "--month", "2028-02")
    assert features["orders"]["benefit"] == "383.333333333"
    assert features["orders"]["evidence_level"] == "1 declared"
    assert features["clicks"]["benefit"] == "450"


@pytest.mark.parametrize("by", ["feature", "model", "product"])
@pytest.mark.parametrize("basis", ["billed", "effective"])
def test_the_costs_of_all_rows_add_up_to_the_bill(year: Company, by: str, basis: str) -> None:
    rows = year.ask("roi", "--by", by, "--basis", basis)
    bill = len(MONTHS) * sum(map(Decimal, COSTS.values()))
    assert sum(Decimal(row["cost"]) for row in rows) == bill
    residual = {row["name"] for row in rows if row["name"].startswith("(")}
    assert residual == {"(idle)", "(unmatched)", f"(no {by})"}


def test_a_table_shows_the_return_as_a_percentage(year: Company) -> None:
    shown = year.run("roi", "--month", "2028-02").out
    assert "+200.0 %" in shown
    assert "-60.0 %" in shown
    assert shown.splitlines()[-1].split() == ["total", "USD", "57.60"]


def test_an_earlier_build_is_asked_by_its_own_claims(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    company = Company(folder=tmp_path_factory.mktemp("claims"))
    company.bill({"cost": "4", "ResourceId": "a"})
    claim = "products: [{name: a, billed_by: [{resource_id: a}], benefits: [{name: x, kind: risk, amount: %s}]}]"
    company.catalogue(claim % 31)
    company.refresh()
    company.catalogue(claim % 62)
    company.refresh()
    now, then = company.ask("roi"), company.ask("roi", "--build", "1")
    assert (now[0]["benefit"], then[0]["benefit"]) == ("2", "1")  # the bill reaches one day
    assert (now[0]["roi"], then[0]["roi"]) == ("-0.5", "-0.75")
