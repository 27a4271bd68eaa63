"""What commitments cost, used and unused, is what was paid for them: in every pack that has any."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from aws_report import line as aws_line
from aws_report import write_csv
from company import Company, write
from deliveries import BILLS

HOURS = range(1, 5)
MONTH = {
    "BillingPeriodStart": "2026-05-01",
    "BillingPeriodEnd": "2026-06-01",
    "ListCost": "0",
    "ContractedCost": "0",
    "PricingCategory": "Committed",
}


@dataclass(frozen=True, kw_only=True)
class Commitment:
    """So much is paid every hour, and so much of it is used in each."""

    name: str
    fee: Decimal
    used: Sequence[Decimal]

    @property
    def paid(self) -> Decimal:
        return self.fee * len(self.used)

    @property
    def unused(self) -> Decimal:
        return self.paid - sum(self.used)


def commitments(seed: str) -> list[Commitment]:
    """Draw three: one that is used up, one in part, and one that is not used at all."""
    draw = random.Random(seed)

    def amount() -> Decimal:
        return Decimal(draw.randrange(10**6, 9 * 10**6)).scaleb(-6)

    fees = [amount() for _ in range(3)]
    part = [fees[1] * Decimal(draw.randrange(100)).scaleb(-2) for _ in HOURS]
    return [
        Commitment(name="up", fee=fees[0], used=[fees[0] for _ in HOURS]),
        Commitment(name="part", fee=fees[1], used=part),
        Commitment(name="none", fee=fees[2], used=[Decimal(0) for _ in HOURS]),
    ]


def time(hour: int, column: str) -> dict[str, str]:
    return {
        f"{column}_start_date": f"2026-05-04 {hour:02}:00:00",
        f"{column}_end_date": f"2026-05-04 {hour + 1:02}:00:00",
    }


def aws_cur(company: Company, all_of: Sequence[Commitment]) -> None:
    """A savings plan: a fee an hour, and what it covers, which is taken back at the list price."""
    lines = []
    for one in all_of:
        for hour, used in zip(HOURS, one.used, strict=True):
            plan = {"savings_plan_savings_plan_arn": f"arn:{one.name}", **time(hour, "usage")}
            told = {
                "savings_plan_total_commitment_to_date": one.fee,
                "savings_plan_used_commitment": used,
            }
            lines.append(aws_line("SavingsPlanRecurringFee", str(one.fee), **plan, **told))
            if used:
                cost = {"savings_plan_savings_plan_effective_cost": used}
                lines.append(aws_line("SavingsPlanCoveredUsage", "9", **plan, **cost))
                lines.append(aws_line("SavingsPlanNegation", "-9", **plan))
    write_csv(company.folder / "bill.csv", lines)


def azure(company: Company, all_of: Sequence[Commitment]) -> None:
    """Reservations: what was paid is in the actual cost, what became of it in the amortized one."""
    kinds: dict[str, list[Mapping[str, object]]] = {"actual": [], "amortized": []}

    def add(kind: str, type: str, cost: Decimal, one: Commitment) -> None:
        line = {"Date": "05/04/2026", "MeterCategory": "VM", "BillingCurrencyCode": "USD"}
        line |= {"BillingAccountId": "8765", "PricingModel": "Reservation", "ChargeType": type}
        kinds[kind].append({**line, "BenefitId": f"arn:{one.name}", "CostInBillingCurrency": cost})

    for one in all_of:
        for used in one.used:
            add("actual", "Purchase", one.fee, one)
            add("actual", "Usage", Decimal(0), one)
            add("amortized", "Usage", used, one)
            if used < one.fee:
                add("amortized", "UnusedReservation", one.fee - used, one)
    for kind, lines in kinds.items():
        write(company.folder / "bill" / f"{kind}.csv", lines)


def focus(company: Company, all_of: Sequence[Commitment]) -> None:
    lines = []
    for one in all_of:
        about = {**MONTH, "CommitmentDiscountId": f"arn:{one.name}"}
        paid = {"BilledCost": one.paid, "EffectiveCost": 0, "ChargeCategory": "Purchase"}
        lines.append({**about, **paid})
        for used in one.used:
            use = {**about, "BilledCost": 0, "CommitmentDiscountStatus": "Used"}
            lines.append({**use, "EffectiveCost": used})
            left = {**use, "CommitmentDiscountStatus": "Unused", "EffectiveCost": one.fee - used}
            lines.append(left)
    company.bill(*lines)
    company.sources.clear()


def gcp(company: Company, all_of: Sequence[Commitment]) -> None:
    """A commitment to spend: its fee, of which is given back what was used."""
    lines = [
        {
            "billing_account_id": "01",
            "usage_start_time": f"2026-05-04 {hour:02}:00:00 UTC",
            "usage_end_time": f"2026-05-04 {hour + 1:02}:00:00 UTC",
            "export_time": "2026-05-05 00:00:00 UTC",
            "invoice": {"month": "202605"},
            "currency": "USD",
            "cost_type": "regular",
            "service": {"description": "Compute Engine"},
            "sku": {"description": "Commitment - dollar based v1: Compute Engine for 1 year"},
            "subscription": {"instance_id": f"arn:{one.name}"},
            "cost": float(one.fee),
            "credits": [{"type": "FEE_UTILIZATION_OFFSET", "name": "x", "amount": -float(used)}],
        }
        for one in all_of
        for hour, used in zip(HOURS, one.used, strict=True)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (company.folder / "bill.jsonl").write_text(text)


CASES: dict[str, tuple[Callable[[Company, Sequence[Commitment]], None], str]] = {
    "aws_cur": (aws_cur, "bill.csv"),
    "azure": (azure, "bill/"),
    "focus": (focus, "bill.csv"),
    "gcp": (gcp, "bill.jsonl"),
}


def test_every_pack_that_has_commitments_is_held_to_what_was_paid_for_them() -> None:
    having = [p.name for p in BILLS if "CommitmentDiscountId" in p.sql("charges")]
    assert {name for name in having if name != "generic"} == {*CASES}  # that one is like focus


@pytest.mark.parametrize("name", CASES)
def test_used_and_unused_are_what_was_paid_and_each_commitment_that_is_not_used_up_is_told(
    company: Company, name: str
) -> None:
    deliver, path = CASES[name]
    all_of = commitments(name)
    deliver(company, all_of)
    company.source(name="bill", type=name, path=path)
    company.refresh()
    paid, unused = (sum(getattr(one, part) for one in all_of) for part in ("paid", "unused"))
    used = paid - unused
    stated = {row["basis"]: row for row in company.ask("statement")}
    assert {row["difference"] for row in stated.values()} == {"0"}
    classes = {
        (row["basis"], row["class"]): Decimal(row["ingested"])
        for row in company.ask("statement", "--by", "class")
    }
    assert classes["effective", "commitment_unused"] == unused
    if name == "gcp":  # the usage that was given back is billed where it was used
        assert Decimal(stated["billed"]["ingested"]) == unused
    else:
        assert classes["billed", "commitment_unused"] == 0
        assert Decimal(stated["billed"]["ingested"]) == paid
        assert Decimal(stated["effective"]["ingested"]) == used + unused
    told = [
        (row["message"], Decimal(row["amount"]))
        for row in company.ask("findings")
        if row["code"] == "unused_commitment"
    ]
    left = sorted((one for one in all_of if one.unused), key=lambda one: -one.unused)
    assert told == [
        (
            f"arn:{one.name}: used {sum(one.used).normalize():f}, unused "
            f"{one.unused.normalize():f} USD of 2026-05",
            one.unused,
        )
        for one in left
    ]
