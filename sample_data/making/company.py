"""What every part of the sample company knows: its months, accounts, machines and ids."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import md5
from pathlib import Path
from random import Random

HERE = Path(__file__).parents[1]
FIRST, AFTER = datetime(2026, 8, 1), datetime(2026, 11, 1)
MONTHS = tuple(datetime(2026, month, 1) for month in (8, 9, 10))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

PAYER, PAYER_NAME = "111122223333", "Acme Shop"
ACCOUNT, ACCOUNT_NAME = "444455556666", "acme-ml"
REGION = "eu-west-1"

CLUSTER = "j-2AXGAPLFSHOP3"
CLUSTER_ARN = f"arn:aws:elasticmapreduce:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
CORE_NODES = ("i-0a1c5e7d90b3f4a11", "i-0a1c5e7d90b3f4a12", "i-0a1c5e7d90b3f4a13")
PRIMARY_NODE = "i-0a1c5e7d90b3f4a10"
GPU_NODES = ("i-0d4b7f21c86e9ab01", "i-0d4b7f21c86e9ab02")
GPU_HOURS = (*range(7), *range(19, 24))  # the night shift of the GPU machines
PLAN = f"arn:aws:savingsplans::{PAYER}:savingsplan/5d0c2f4e-7a1b-4c39-9e55-acme00000001"

ENDPOINTS = {
    "fraud-prod": ("ml.m5.4xlarge", 2, Decimal("1.027")),
    "search-ranking-prod": ("ml.g5.xlarge", 3, Decimal("1.574")),
    "recommendations-prod": ("ml.g5.2xlarge", 2, Decimal("1.692")),
}
TRAINING_RATES = {
    "ml.m5.large": Decimal("0.128"),
    "ml.m5.12xlarge": Decimal("3.082"),
    "ml.p3.2xlarge": Decimal("4.131"),
}

USES = {
    "churn": ("fv_customer_orders_30d", "fv_customer_profile", "fv_customer_sessions"),
    "fraud": (
        "fv_orders_last_month",
        "fv_customer_profile",
        "fv_payment_risk",
        "fv_device_signals",
    ),
    "search_ranking": ("fv_customer_sessions", "fv_product_popularity", "fv_query_clicks"),
    "recommendations": (
        "fv_customer_sessions",
        "fv_product_popularity",
        "fv_item_embeddings",
    ),
    "next_best_offer": (
        "fv_customer_orders_30d",
        "fv_customer_sessions",
        "fv_product_popularity",
    ),
}
COLUMNS = {
    "fv_customer_orders_30d": ("orders_30d", "spend_30d", "avg_basket_30d"),
    "fv_orders_last_month": ("orders_30d", "spend_30d", "avg_basket_30d"),
    "fv_customer_profile": ("tenure_days", "country", "segment"),
    "fv_customer_sessions": ("sessions_7d", "minutes_7d", "last_seen_days"),
    "fv_product_popularity": ("views_7d", "sales_7d"),
    "fv_query_clicks": ("ctr_7d", "position_bias"),
    "fv_payment_risk": ("chargebacks_90d", "distinct_cards"),
    "fv_device_signals": ("device_age_days", "accounts_on_device"),
    "fv_item_embeddings": ("embedding",),
}
OWNERS = {
    "churn": "retention",
    "next_best_offer": "retention",
    "fraud": "risk",
    "search_ranking": "discovery",
    "recommendations": "discovery",
}


def drawn(part: str) -> Random:
    """Give each part of the company its own seeded draws, so that none disturbs another."""
    return Random(f"acme 2026 {part}")


def hex_id(*words: object) -> str:
    """Name something with 32 hex digits, always the same for the same words."""
    return md5(" ".join(map(str, words)).encode(), usedforsecurity=False).hexdigest()


def days(first: datetime = FIRST, after: datetime = AFTER) -> Iterator[datetime]:
    """List the days of a window."""
    for number in range((after - first).days):
        yield first + number * DAY


def next_month(month: datetime) -> datetime:
    """Find the first day after a month."""
    return (month + 32 * DAY).replace(day=1)


def between(random: Random, low: str, high: str, places: int = 6) -> Decimal:
    """Draw a number between two, to some places."""
    span = int((Decimal(high) - Decimal(low)) * 10**places)
    return Decimal(low) + Decimal(random.randrange(max(span, 1))).scaleb(-places)
