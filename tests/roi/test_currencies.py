"""Cost and benefit in different currencies meet in one, by the rate of each month."""

from collections.abc import Sequence
from pathlib import Path

from company import Company

CATALOGUE = """
products:
  - name: app
    billed_by: [{resource_id: app}]
    benefits:
      - {name: x, kind: revenue, amount: 100, currency: EUR}
      - {name: y, kind: revenue, amount: 10, from: 2026-06-01}
      - {name: z, kind: revenue, amount: 7, currency: CHF, from: 2027-01-01}
"""
FX = [
    "2026-05,EUR,USD,1.1",
    "2026-06,EUR,USD,1.2",
    "2026-05,GBP,USD,1.3",
    "2026-05,USD,EUR,0.5",
    "2026-06,USD,EUR,0.25",
    "2026-05,GBP,EUR,0.123456789012",
]


def day(month: int, number: int, cost: str, **more: object) -> dict[str, object]:
    return {
        "ResourceId": "app",
        "cost": cost,
        "BillingPeriodStart": f"2026-0{month}-01T00:00:00Z",
        "BillingPeriodEnd": f"2026-0{month + 1}-01T00:00:00Z",
        "ChargePeriodStart": f"2026-0{month}-{number:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-0{month}-{number:02}T12:00:00Z",
        **more,
    }


def open_company(folder: Path, rates: Sequence[str]) -> Company:
    company = Company(folder=folder)
    may = [day(5, 1, "40"), day(5, 1, "10", BillingCurrency="GBP")]
    company.bill(*may, file="billing/may.csv")
    company.bill(day(6, 1, "60"), day(6, 30, "0"), file="billing/june.csv")
    company.catalogue(CATALOGUE)
    (folder / "fx.csv").write_text("\n".join(["month,from,to,rate", *rates]) + "\n")
    company.refresh()
    return company


def test_figures_stand_in_the_currency_of_the_workspace(tmp_path: Path) -> None:
    company = open_company(tmp_path, FX)
    (row,) = company.ask("roi")
    # 40 + 10 * 1.3 + 60 against 100 * 1.1 + 100 * 1.2 + 10, to the 30th of June
    assert row == {
        "name": "app",
        "currency": "USD",
        "cost": "113",
        "avoidable": "113",
        "benefit_low": "240",
        "benefit": "240",
        "benefit_high": "240",
        "evidenced": "0",  # by declaration alone
        "realised": "",
        "net": "127",
        "roi": "1.1239",
        "evidence_level": "1 declared",
    }
    (may,) = company.ask("roi", "--currency", "EUR", "--month", "2026-05")
    assert (may["currency"], may["cost"], may["benefit"]) == ("EUR", "21.23456789012", "100")
    # what a question converts to is over when it is answered
    assert {row["currency"] for row in company.ask("cost", "--by", "product")} == {"USD", "GBP"}


def test_every_missing_rate_is_named_at_once_with_the_line_to_add(tmp_path: Path) -> None:
    company = open_company(tmp_path, FX[2:3])
    ran = company.run("roi")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "costlens: fx.csv: no rate from EUR to USD for 2026-05\n"
        "    add the line: 2026-05,EUR,USD,<rate>, then run: costlens refresh\n"
        "costlens: fx.csv: no rate from EUR to USD for 2026-06\n"
        "    add the line: 2026-06,EUR,USD,<rate>, then run: costlens refresh\n"
    )
