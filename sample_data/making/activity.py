"""Who took how much of what, day by day.

Features that models read, predictions that products read, what pipelines took of the warehouse, and
the requests that endpoints answered.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

from making.company import USES, days, drawn

# Thousands of rows that a model reads of each of its features a day. The offers score every
# customer with every offer.
READS = {
    "churn": 1150,
    "fraud": 410,
    "search_ranking": 980,
    "recommendations": 690,
    "next_best_offer": 4200,
}
ONLINE = {"fraud": 410, "search_ranking": 980, "recommendations": 690}
PREDICTIONS = {
    ("retention_campaign", "churn"): 1150,
    ("retention_campaign", "next_best_offer"): 1150,
    ("checkout_protection", "fraud"): 410,
    ("shop_search", "search_ranking"): 980,
    ("home_page_picks", "recommendations"): 690,
}
OF_CUSTOMER_360 = {"fv_customer_profile": 160, "fv_customer_sessions": 160}
OF_WAREHOUSE = {
    "pipeline:shop_features": 38,
    "pipeline:risk_features": 19,
    "product:customer_360": 5,
}
REQUESTS = {"fraud": 410, "search_ranking": 980, "recommendations": 690}
COLUMNS = ("consumer", "target", "hour", "measure", "quantity")


def counts(random: Random, day: datetime) -> Iterator[tuple[str, str, str, int]]:
    """Draw one day's counts; weekends are busier in a shop."""
    busy = 112 if day.weekday() > 4 else 100

    def drawn_around(thousands: int) -> int:
        return thousands * 10 * busy * random.randrange(93, 108) // 100

    for model, views in USES.items():
        read = drawn_around(READS[model])
        for view in views:
            yield f"model:{model}", f"feature:{view}", "reads", read
    for view, thousands in OF_CUSTOMER_360.items():
        yield "product:customer_360", f"feature:{view}", "reads", drawn_around(thousands)
    for model, thousands in ONLINE.items():
        yield f"model:{model}", "stage:online_store", "reads", drawn_around(thousands)
    for (product, model), thousands in PREDICTIONS.items():
        yield f"product:{product}", f"model:{model}", "reads", drawn_around(thousands)
    for consumer, credits in OF_WAREHOUSE.items():
        amount = credits * random.randrange(90, 111) // 10
        yield consumer, "stage:warehouse", "deci_credits", amount
    for model, thousands in REQUESTS.items():
        yield "", f"model:{model}", "requests", drawn_around(thousands)


def write(path: Path) -> None:
    """Write the counts of all days."""
    random = drawn("activity")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for day in days():
            for consumer, target, measure, quantity in counts(random, day):
                hour = day.strftime("%Y-%m-%dT%H:%M:%SZ")
                writer.writerow((consumer, target, hour, measure, quantity))
