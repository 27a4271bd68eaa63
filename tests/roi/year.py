"""A company of thirteen billed months, whose products claim benefits in every way."""

from company import Company, Row

MONTHS = (
    "2027-08",
    *(f"2027-{n:02}" for n in (10, 11, 12)),
    *(f"2028-{n:02}" for n in range(1, 11)),
)

PRODUCTS = """
  - name: by_month
    benefits: [{name: x, kind: revenue, amount: 1234.56, per: month}]
  - name: hundred
    benefits: [{name: x, kind: revenue, amount: 100, per: month}]
  - name: ten_days
    benefits: [{name: x, kind: revenue, amount: 310, from: 2027-12-10, until: 2027-12-19}]
  - name: over_new_year
    benefits: [{name: x, kind: revenue, amount: 31, from: 2027-12-30, until: 2028-01-02}]
  - name: by_quarter
    benefits: [{name: x, kind: revenue, amount: 910, per: quarter}]
  - name: by_year
    benefits: [{name: x, kind: revenue, amount: 3660, per: year}]
  - name: by_day
    benefits: [{name: x, kind: revenue, amount: 2.5, per: day}]
  - name: one_deal
    benefits: [{name: x, kind: revenue, amount: 500, per: once, from: 2028-02-29}]
  - name: four_days
    benefits: [{name: x, kind: revenue, amount: 400, per: once, from: 2028-01-31, until: 2028-02-03}]
  - name: ranged
    billed_by: [{resource_id: ranged}]
    benefits:
      - {name: x, kind: revenue, amount: {low: 10, likely: 18, high: 26}, evidence_level: 5}
      - {name: y, kind: risk, amount: 4, evidence_level: 3}
      - {name: z, kind: revenue, amount: {likely: 8, high: 9}, claim_share: 0.25, evidence_level: 6}
      - {name: w, kind: qualitative, evidence_level: 0}
  - name: losing
    billed_by: [{resource_id: losing}]
    benefits: [{name: x, kind: cost_reduction, amount: {low: -3, likely: 1, high: 4}}]
  - name: ramped
    benefits: [{name: x, kind: revenue, amount: 100, from: 2027-10-01, ramp_months: 6}]
  - name: ramped_mid_month
    benefits: [{name: x, kind: revenue, amount: 899, from: 2028-02-15, ramp_months: 2}]
  - name: worse
    benefits: [{name: x, kind: risk, amount: -0.000000000007}]
  - name: trusted
    billed_by: [{resource_id: trusted}]
    benefits: [{name: x, kind: qualitative}, {name: y, kind: time_saved, evidence_level: 2}]
  - name: worn
    benefits:
      - {name: x, kind: revenue, amount: 100, from: 2027-10-01, ramp_months: 2, plateau_months: 1, decay: 0.9}
  - name: worn_mid_month
    benefits: [{name: x, kind: revenue, amount: 870, from: 2028-02-15, decay: 0.123457, until: 2028-09-03}]
  - {name: first, benefits: [{name: x, kind: revenue, amount: 100000, metric: churn, population: uk, claim_share: 0.8, evidence_level: 2}]}
  - {name: second, benefits: [{name: x, kind: revenue, amount: 100000, metric: churn, population: uk, claim_share: 0.6, evidence_level: 4, from: 2028-01-16, until: 2028-03-31}]}
  - {name: third, benefits: [{name: x, kind: revenue, amount: 100000, metric: churn, population: fr, claim_share: 0.6, evidence_level: 4}]}
  - {name: unproven, benefits: [{name: x, kind: revenue, amount: 100000, metric: churn, population: uk, claim_share: 0.6}]}
  - {name: tabled}
  - {name: silent, billed_by: [{resource_id: silent}]}
  - name: shared
    uses: [{model: churn}]
    benefits:
      - name: x
        kind: revenue
        amount: 1000
        evidence_level: 4
        share: {churn: 0.6, "model:uplift": 0.3, "feature:orders": 0.333333333333, "feature:clicks": 0.25}
      - {name: y, kind: revenue, amount: 50, share: {"feature:orders": 1}}
"""

CATALOGUE = f"""
resources: [{{name: idle_machine, billed_by: [{{resource_id: machine}}], capacity: {{slots: 1}}}}]
features: [{{name: orders, billed_by: [{{resource_id: orders}}]}}, {{name: clicks}}]
models: [{{name: churn, billed_by: [{{resource_id: churn}}]}}, {{name: uplift}}, {{name: insisted, benefits: [{{name: own, kind: revenue, amount: 29}}]}}, {{name: other, billed_by: [{{resource_id: other}}]}}]
products:
{PRODUCTS}
"""

# As finance keeps them: more benefits, and what came of some.
BENEFITS = """target,name,kind,amount,low,high,p10,p90,currency,per,from,share,evidence_level,cashable
tabled,"seen, and kept",revenue,290,29,2900,,,,month,,,2,true
tabled,spread,risk,,,,100,400,,month,,model:uplift=0.5; feature:clicks=1,3,
model:insisted,second,revenue,58,,,,,,quarter,2028-01-01,,6,
"""

REALISED = """claim,month,amount,currency,metric,quantity
"tabled/seen, and kept",2028-02,87,,,
"tabled/seen, and kept",2028-03,-1,,,
trusted/y,2028-02,5,,hours,100
shared/x,2028-02,300,,,
model:insisted/own,2028-02,30,,,
"""

COSTS = {
    "ranged": "8",
    "losing": "2.5",
    "trusted": "1",
    "silent": "0.333333333333",
    "machine": "5",
    "orders": "3",
    "churn": "30",
    "other": "7",
    "nobody": "0.77",
}


def lines(month: str) -> list[Row]:
    """Write the bill of a month: everything on its first day, and a free line on its last one.

    The last month is in progress: its bill reaches to the 20th.
    """
    year, number = int(month[:4]), int(month[5:])
    after = f"{year + number // 12}-{number % 12 + 1:02}-01T00:00:00Z"
    period = {"BillingPeriodStart": f"{month}-01T00:00:00Z", "BillingPeriodEnd": after}
    first = {
        "ChargePeriodStart": f"{month}-01T00:00:00Z",
        "ChargePeriodEnd": f"{month}-02T00:00:00Z",
    }
    last = {
        "ChargePeriodStart": f"{month}-20T00:00:00Z",
        "ChargePeriodEnd": f"{month}-21T00:00:00Z",
    }
    return [
        *({**period, **first, "ResourceId": id_, "cost": cost} for id_, cost in COSTS.items()),
        {**period, **last, "ResourceId": "nobody", "cost": "0"},
    ]


def open_year(company: Company) -> Company:
    """Write the bills and the catalogue, and refresh."""
    for month in MONTHS:
        company.bill(*lines(month), file=f"billing/{month}.csv")
    company.catalogue(CATALOGUE)
    (company.folder / "benefits.csv").write_text(BENEFITS)
    (company.folder / "realised.csv").write_text(REALISED)
    company.refresh()
    return company
