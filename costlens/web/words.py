"""What the short words of the engine are called on pages."""

from decimal import Decimal

from costlens.web.formats import percent

PARTS = {
    "work": "Work that features, models and products needed",
    "idle": "Machines that stood idle",
    "waste": "Failed or repeated work",
    "unmatched": "Claimed by nobody",
    "unneeded": "Work that nothing needed",
    "commitment_unused": "Unused commitments",
    "stranded": "Shared, but used by nobody",
    "excluded": "Excluded by a rule",
}

GRADES = {
    "A": "direct",
    "B": "measured",
    "C": "modelled",
    "D": "declared",
    "E": "split evenly",
    "U": "unknown",
}

CLASSES = {
    "work": "",
    "waste": "failed or repeated",
    "idle": "idle",
    "reserved": "not usable in practice",
    "commitment_unused": "unused commitment",
    "unpriced": "price unknown",
}

TIERS = {1: "by run", 2: "by resource", 3: "by tag", 4: "by scope"}


def residual(name: str) -> str:
    """Say what a row in parentheses is; a name says itself."""
    inside = name.strip("()")
    if not name.startswith("("):
        return name
    if inside.startswith("no "):
        return f"Needed by no {inside[3:]}"
    return PARTS.get(inside, inside.capitalize())


_NEEDS = {
    "only": "it alone needs this",
    "reads": "shared by reads of the day",
    "month_reads": "shared by reads of the month",
    "known_reads": "shared by declared reads",
    "work": "shared by work done",
    "columns": "shared by columns",
    "declared": "shared by declared weights",
    "weight": "shared by declared weights",
    "even": "shared evenly",
    "policy": "given by a policy",
}


def need(text: str) -> str:
    """Say how a stage's cost came to a target: `even 1/3` as shared evenly, 1/3."""
    rung, _, weight = text.partition(" ")
    said = _NEEDS.get(rung, rung)
    if rung == "only" or not weight:
        return said
    numerator, _, denominator = weight.partition("/")
    if len(weight) <= 11 or not denominator:
        return f"{said}, {weight}"
    return f"{said}, {percent(Decimal(numerator) / Decimal(denominator), 1)}"


DECISIONS = {
    "stop": "Stop?",
    "either": "Keep or stop?",
    "review": "Review is due",
    "unused": "Used by nothing",
    "unknown": "Benefit unknown",
}

SAVINGS = {
    "duplicate": "Merge",
    "unused": "Used by nothing",
    "unread": "No longer read",
    "zombie": "Needed by nothing",
    "idle": "Idle machine",
    "guess": "Measure first",
    "reuse": "Saved already",
}

ALERTS = {"budget": "Budget", "anomaly": "Unusual day", "unit cost": "Cost of one use"}

ADVICE = {"stop": "Stop", "keep": "Keep", "either": "Either", "unknown": "Not known"}

EVIDENCE = {
    0: "qualitative",
    1: "declared",
    2: "with baseline",
    3: "before/after",
    4: "quasi-experiment",
    5: "randomised",
    6: "booked",
}
