"""Ask AWS Cost Explorer what it says the months cost, by account and service."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from costlens.config.access import Access
from costlens.errors import CostLensError
from costlens.ingest.aws import KEY_CODES, ROLE_DENIED, code_of, connect, trouble
from costlens.times import next_month

PRICE = Decimal("0.01")  # USD that AWS takes for a request; every page is one
_HOME = "us-east-1"  # where Cost Explorer is, whatever region a bucket is in
_METRICS = {  # net of private discounts or not → basis → the metric that it is compared with
    False: {"billed": "UnblendedCost", "effective": "AmortizedCost"},
    True: {"billed": "NetUnblendedCost", "effective": "NetAmortizedCost"},
}
_GROUPS = [{"Type": "DIMENSION", "Key": key} for key in ("LINKED_ACCOUNT", "SERVICE")]
_SLOWLY = (
    "Cost Explorer asks to slow down",
    "run the command again later; AWS_MAX_ATTEMPTS says how often a request is repeated",
)
_LOST = ("Cost Explorer lost its place between two pages", "run the command again")
_CODES = {
    **KEY_CODES,
    "AccessDenied": (
        "access denied to ask Cost Explorer",
        "allow ce:GetCostAndUsage, and enable Cost Explorer in the management account; net cost it "
        "shows member accounts only where that one allows it: --no-net asks for cost before "
        "private discounts",
    ),
    "DataUnavailableException": (
        "Cost Explorer has no data yet",
        "once it is enabled, it takes a day to prepare them",
    ),
    "BillExpirationException": ("Cost Explorer no longer has these months", "see --month"),
    "ValidationException": (
        "Cost Explorer does not take the question",
        "it keeps 14 months unless more are enabled: name later ones with --month",
    ),
    "LimitExceededException": _SLOWLY,
    "ThrottlingException": _SLOWLY,
    "InvalidNextTokenException": _LOST,
    "RequestChangedException": _LOST,
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a Cost Explorer is asked: with which access, and whether net of private discounts."""

    access: Access
    net: bool


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What Cost Explorer says one service cost one account in one month, in one basis."""

    month: str
    account: str
    service: str
    basis: str
    currency: str
    amount: Decimal


@dataclass(kw_only=True)
class Explored:
    """What a Cost Explorer answered, what it says may still change, and how often it was asked."""

    costs: list[Cost] = field(default_factory=list)
    estimated: set[str] = field(default_factory=set)
    requests: int = 0


def explore(way: Way, months: Sequence[str], *, where: str) -> Explored:
    """Ask for months, one request a page and run of months; `where` is the place of the source.

    Raises a CostLensError that shows no credentials and none of AWS's own words.
    """
    found = Explored()
    try:
        region = way.access.region or _HOME
        access = Access(
            profile=way.access.profile,
            role_arn=way.access.role_arn,
            region=region,
            endpoint=way.access.endpoint,
        )
        client = connect(access, "ce")
        for start, stop in _spans(months):
            for page in _pages(client, way, start=start, stop=stop):
                _read(page, way, found)
    except Exception as error:
        told = _in_our_words(error, way.access)
        if told is None:
            raise
        raise CostLensError(told[0], where=where, hint=told[1]) from error
    found.costs = [cost for cost in found.costs if cost.month in months]
    return found


def _spans(months: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the runs of months without a gap, as the first month and the one after the last."""
    start = stop = ""
    for month in sorted(months):
        if month != stop:
            if start:
                yield start, stop
            start = month
        stop = next_month(month)
    if start:
        yield start, stop


def _pages(
    client: Any,  # noqa: ANN401 -- boto3 makes its clients as it runs
    way: Way,
    *,
    start: str,
    stop: str,
) -> Iterator[Any]:
    """Ask page by page; a token that comes twice would ask, and pay, for ever."""
    asked: dict[str, object] = {
        "TimePeriod": {"Start": f"{start}-01", "End": f"{stop}-01"},
        "Granularity": "MONTHLY",
        "Metrics": list(_METRICS[way.net].values()),
        "GroupBy": _GROUPS,
    }
    tokens: set[str] = set()
    while True:
        page = client.get_cost_and_usage(**asked)
        yield page
        token = page.get("NextPageToken")
        if not token:
            return
        if token in tokens:
            raise CostLensError(_LOST[0], hint=_LOST[1])
        tokens.add(token)
        asked["NextPageToken"] = token


def _read(page: Any, way: Way, found: Explored) -> None:  # noqa: ANN401 -- boto3 has no types
    found.requests += 1 + int(page["ResponseMetadata"].get("RetryAttempts", 0))
    for result in page["ResultsByTime"]:
        month = result["TimePeriod"]["Start"][:7]
        if result.get("Estimated"):
            found.estimated.add(month)
        for group in result.get("Groups", ()):
            account, service = group["Keys"]
            for basis, metric in _METRICS[way.net].items():
                said = group["Metrics"][metric]
                amount = Decimal(said["Amount"])
                if amount:  # nothing may come without a currency
                    found.costs.append(
                        Cost(
                            month=month,
                            account=account,
                            service=service,
                            basis=basis,
                            currency=said["Unit"],
                            amount=amount,
                        )
                    )


def _in_our_words(error: Exception, access: Access) -> tuple[str, str] | None:
    """Say what went wrong; None for what is a bug, or is said already."""
    from botocore.exceptions import ClientError

    if isinstance(error, CostLensError):
        return error.findings[0].message, error.findings[0].hint
    if not isinstance(error, ClientError):
        at = access.endpoint or "Cost Explorer"
        return trouble(error, access, what="Cost Explorer", at=at)
    code = code_of(error)
    if code == "AccessDenied" and str(error.operation_name) == "AssumeRole":
        return ROLE_DENIED
    unknown = (
        f"Cost Explorer refuses: {code or 'it does not say why'}",
        "see what AWS says of this",
    )
    return _CODES.get(code, unknown)
