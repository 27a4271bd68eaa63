"""Declared, evidenced and realised: what wears off, what is claimed twice, what finance keeps."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, permutations

from company import Company
from hypothesis import given
from hypothesis import strategies as st
from year import BENEFITS

from costlens.config import read_catalogue
from costlens.config.lifts import shapley
from costlens.roi.claims import check_claims

Rows = dict[str, dict[str, str]]


def asked(year: Company, *words: str) -> Rows:
    return {row["name"]: row for row in year.ask("roi", *words)}


def test_a_benefit_wears_off_by_its_factor_a_month(year: Company) -> None:
    months = ["2027-10", "2027-11", "2027-12", "2028-01", "2028-02", "2028-03", "2028-04"]
    found = [asked(year, "--month", month)["worn"]["benefit"] for month in months]
    assert found == ["50", "100", "100", "90", "81", "72.9", "65.61"]
    # 15 days of 29 at 870 * 0.123457 from the 15th of February on, each month less by the factor
    mid = [asked(year, "--month", month)["worn_mid_month"]["benefit"] for month in months[4:6]]
    assert Decimal(mid[0]) == Decimal("55.555650000000")
    # 14 days of 31 at 107.40759, and the other 17 at 13.260218838630
    assert Decimal(mid[1]) == Decimal("48.506653548387") + Decimal("7.271732911507")


def test_what_is_claimed_twice_is_scaled_where_it_is_evidenced_alone(year: Company) -> None:
    rows = asked(year, "--month", "2028-02")
    # 100000 * 4/7 and the rest: together the whole of the change to the last unit
    assert rows["first"]["evidenced"] == "57142.857142857142"
    assert rows["second"]["evidenced"] == "42857.142857142858"
    assert rows["third"]["evidenced"] == "60000"  # of another population
    assert [rows[name]["benefit"] for name in ("first", "second")] == ["80000", "60000"]
    assert (rows["unproven"]["benefit"], rows["unproven"]["evidenced"]) == ("60000", "0")
    half = asked(year, "--month", "2028-01")["first"]["evidenced"]
    # 15 days by itself, and 16 of 31 of 57142.857142857142
    assert half == "68202.764976958525"


def test_an_over_claim_is_told_in_money(year: Company) -> None:
    (found,) = (row for row in year.ask("findings") if row["code"] == "over_claimed")
    assert found["message"] == (
        'the metric "churn" of "uk" is claimed to 200 % at once, by first/x, second/x, unproven/x: '
        "100000 a month too much"
    )


def test_the_excess_of_two_claims_is_what_is_above_the_whole() -> None:
    text = "".join(
        f"  - {{name: {name}, benefits: [{{name: x, kind: revenue, amount: 100000, currency: EUR, per: year, metric: sales, claim_share: {share}, from: {since}}}]}}\n"
        for name, share, since in (("a", "0.8", "2026-01-01"), ("b", "0.6", "2027-01-01"))
    )
    (found,) = check_claims(read_catalogue("products:\n" + text), as_of=date(2026, 1, 1))
    assert (found.where, found.message) == (
        "catalogue:3",
        'the metric "sales" is claimed to 140 % at once, by a/x, b/x: 40000 EUR a year too much',
    )
    apart = text.replace("from: 2026-01-01", "from: 2026-01-01, until: 2026-12-31")
    assert not list(check_claims(read_catalogue("products:\n" + apart), as_of=date(2026, 1, 1)))


def test_what_was_realised_stands_apart(year: Company) -> None:
    rows = asked(year, "--month", "2028-02")
    assert [rows["tabled"][name] for name in ("benefit", "evidenced", "realised")] == [
        *("490", "490", "87")
    ]
    assert (rows["trusted"]["benefit"], rows["trusted"]["realised"]) == ("", "5")
    assert rows["first"]["realised"] == ""  # unknown, which is not nothing
    assert asked(year, "--month", "2028-03")["tabled"]["realised"] == "-1"
    models = asked(year, "--by", "model", "--month", "2028-02")
    assert models["churn"]["realised"] == "180"  # 0.6 of 300, as of what was declared
    assert models["insisted"]["realised"] == "30"


def test_what_came_in_may_be_counted_by_a_source(company: Company) -> None:
    company.bill(
        {"cost": "1", "ResourceId": "x"},
        {
            "cost": "0",
            "ChargePeriodStart": "2026-05-31T00:00:00Z",
            "ChargePeriodEnd": "2026-06-01T00:00:00Z",
        },
    )
    company.activity(
        *(
            {
                "consumer": consumer,
                "target": target,
                "hour": hour,
                "measure": measure,
                "quantity": quantity,
            }
            for consumer, target, hour, measure, quantity in (
                ("", "product:shop", "2026-05-03T00:00:00Z", "saved", "7.5"),
                ("", "product:shop", "2026-05-30T23:00:00Z", "saved", 2),
                ("", "product:shop", "2026-05-30T23:00:00Z", "lost", 100),
                ("", "product:other", "2026-05-30T23:00:00Z", "saved", 100),
                ("", "product:booked", "2026-05-30T23:00:00Z", "saved", 100),
            )
        )
    )
    counted = (
        "benefits: [{name: more, kind: revenue, amount: 5, realised: {measure: saved, each: 1.2}}]"
    )
    company.catalogue(
        f"products: [{{name: shop, {counted}}}, {{name: booked, {counted}}}, {{name: silent, {counted}}}]"
    )
    (company.folder / "realised.csv").write_text("claim,month,amount\nbooked/more,2026-05,3\n")
    company.refresh()
    rows = asked(company, "--month", "2026-05")
    assert {name: rows[name]["realised"] for name in ("shop", "booked", "silent")} == {
        "shop": "11.4",
        "booked": "3",
        "silent": "",
    }


def test_a_joint_effect_is_split_by_what_models_add_to_each_other(company: Company) -> None:
    """Example C15: alone 60 and 50, together 80."""
    company.bill(
        {"cost": "1", "ResourceId": "x"},
        {
            "cost": "0",
            "ChargePeriodStart": "2026-05-31T00:00:00Z",
            "ChargePeriodEnd": "2026-06-01T00:00:00Z",
        },
    )
    lifts = "[{models: [a], amount: 60}, {models: [b], amount: 50}, {models: [b, a], amount: 80}]"
    company.catalogue(
        "models: [{name: a}, {name: b}, {name: c}]\nproducts:\n  - name: shop\n    benefits:\n"
        f"      - {{name: more, kind: revenue, amount: 80, lifts: {lifts}, share: {{'feature:f': 1}}}}\n"
        "features: [{name: f}]\n"
    )
    company.refresh()
    rows = asked(company, "--by", "model", "--month", "2026-05")
    assert (rows["a"]["benefit"], rows["b"]["benefit"]) == ("45", "35")
    assert asked(company, "--by", "feature", "--month", "2026-05")["f"]["benefit"] == "80"


def test_experiments_that_do_not_say_all_are_refused(company: Company) -> None:
    company.bill({"cost": "1", "ResourceId": "x"})
    told = {
        "[{models: [a], amount: 60}, {models: [b, a], amount: 80}]": '"lifts" misses: b',
        "[{models: [a], amount: 6}, {models: [a], amount: 8}]": '"lifts" has twice: a',
        "[{models: [a], amount: 60}, {models: [b], amount: -70}, {models: [a, b], amount: 20}]": "the part of b is below nothing",
        "[{models: [a], amount: -1}]": "together the models brought nothing",
        "[{models: [z], amount: 1}]": 'there is no model "z"',
    }
    benefits = "".join(
        f"      - {{name: b{at}, kind: revenue, amount: 1, lifts: {lifts}}}\n"
        for at, lifts in enumerate(told)
    )
    company.catalogue(
        "models: [{name: a}, {name: b}]\nproducts:\n  - name: shop\n    benefits:\n"
        + benefits
        + "      - {name: both, kind: revenue, amount: 1, share: {a: 1}, lifts: [{models: [a], amount: 1}]}\n"
    )
    ran = company.run("check")
    assert ran.code == 1
    for said in (*told.values(), 'benefit "both" has "lifts" and shares of models'):
        assert said in ran.err
    assert ran.err.count("costlens: ") == len(told) + 1


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.integers(-9, 99), min_size=2**n - 1, max_size=2**n - 1)
    )
)
def test_the_parts_are_the_mean_over_all_orders_of_coming_in(amounts: list[int]) -> None:
    names = "abcd"[: (len(amounts) + 1).bit_length() - 1]
    sets = [frozenset(s) for n in range(1, len(names) + 1) for s in combinations(names, n)]
    worth = dict(zip(sets, map(Decimal, amounts), strict=True))
    orders = list(permutations(names))
    parts = dict.fromkeys(names, Fraction(0))
    for order in orders:
        before = Decimal(0)
        for at, name in enumerate(order, start=1):
            after = worth[frozenset(order[:at])]
            parts[name] += Fraction(after - before) / len(orders)
            before = after
    assert shapley(worth) == parts


def test_p10_and_p90_are_the_range_and_their_median_the_likely(year: Company) -> None:
    row = asked(year, "--month", "2028-02")["tabled"]
    assert [row[f] for f in ("benefit_low", "benefit", "benefit_high")] == ["129", "490", "3300"]


def test_benefits_as_csv_give_what_they_give_as_yaml(company: Company) -> None:
    company.bill({"cost": "4", "ResourceId": "a", "ChargePeriodEnd": "2026-06-01T00:00:00Z"})
    thing = "products: [{name: a, billed_by: [{resource_id: a}]%s}]\nmodels: [{name: m}]"
    benefit = (
        ", benefits: [{name: x, kind: risk, amount: {low: 1, likely: 3, high: 9}, per: quarter, "
        "from: 2026-02-01, share: {m: 0.5}, claim_share: 0.25, review_on: 2026-03-01}]"
    )
    company.catalogue(thing % benefit)
    company.refresh()
    yaml = [company.ask("roi", "--by", by) for by in ("product", "model")]
    company.catalogue(thing % "")
    path = company.folder / "benefits.csv"
    path.write_text(
        "target,name,kind,low,amount,high,per,from,share,claim_share,review_on\n"
        "a,x,risk,1,3,9,quarter,2026-02-01,m=0.5,0.25,2026-03-01\n"
    )
    ran = company.refresh()
    assert [company.ask("roi", "--by", by) for by in ("product", "model")] == yaml
    assert 'benefits.csv:2: benefit "a/x" was to be looked at again on 2026-03-01\n' in ran.err


def test_fifteen_mistakes_are_told_at_once_each_with_its_line(company: Company) -> None:
    company.bill({"cost": "1"})
    company.catalogue("products: [{name: shop, benefits: [{name: yaml, kind: risk, amount: 1}]}]")
    (company.folder / "benefits.csv").write_text(
        "target,name,kind,amount,low,high,p10,p90,per,from,until,ramp_months,decay,colour,share\n"
        "shop,a,revenu,5,,,,,,,,,,,\n"  # a word that is none
        "shop,b,revenue,5 k,,,,,,,,,,,\n"  # no number
        "shop,c,revenue,5,6,,,,,,,,,,\n"  # low above likely
        "shop,d,revenue,5,,,1,2,,,,,,,\n"  # two ways to give a range
        "shop,e,revenue,,,,2,1,,,,,,,\n"  # P10 above P90
        "shop,f,revenue,,1,2,,,,,,,,,\n"  # a range without its middle
        "shop,g,revenue,5,,,,,week,,,,,,\n"  # no such span
        "shop,h,revenue,5,,,,,,2026-02-30,,,,,\n"  # no day
        "shop,i,revenue,5,,,,,,2026-03-01,2026-02-01,,,,\n"  # ends before it begins
        "shop,j,revenue,5,,,,,,,,6,,,\n"  # a ramp from nowhere
        "shop,k,revenue,5,,,,,,2026-03-01,,,1.5,,\n"  # more each month is no decay
        "shoe,l,revenue,5,,,,,,,,,,,\n"  # no such product
        "shop,yaml,revenue,5,,,,,,,,,,,\n"  # named in the catalogue already
        "shop,m,qualitative,5,,,,,,,,,,,x=1\n"  # words are no money; and a model that is not there
        "shop,n,revenue,5\n"  # cells are missing
    )
    (company.folder / "realised.csv").write_text("claim,month,amount\nshop/yaml,2026-13,1\n")
    ran = company.run("refresh")
    assert ran.code == 1
    lines = [line.split(": ", 2)[1:] for line in ran.err.splitlines() if line[0] != " "]
    assert [where for where, _ in lines] == [
        *("benefits.csv:1", *(f"benefits.csv:{line}" for line in range(2, 16))),
        *("benefits.csv:15", "benefits.csv:16", "realised.csv:2"),
    ]
    assert [said for _, said in lines][:3] == [
        'unknown column "colour"',
        '"kind" cannot be "revenu"',
        '"amount" takes a number, not the text "5 k"',
    ]
    (company.folder / "benefits.csv").write_text(BENEFITS.splitlines()[0] + "\n")
    (company.folder / "realised.csv").write_text(
        "claim,month,amount\nshop/yam,2026-05,1\nshop/yaml,2026-05,1\nshop/yaml,2026-05,2\n"
    )
    ran = company.run("refresh")
    assert ran.err == (
        'costlens: realised.csv:2: there is no claim "shop/yam"\n    did you mean "shop/yaml"?\n'
        'costlens: realised.csv:4: "shop/yaml" has 2026-05 twice, here and at realised.csv:3\n'
        "    keep one of the two, or add them up\n"
    )
