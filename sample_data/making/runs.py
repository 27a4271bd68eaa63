"""What ran at the sample company: the tries of its DAGs, and the trainings inside and beside them.

Four DAGs share a cluster of ten slots, a fifth has the GPU machines. Two stories are on purpose. On
17 September `fv_customer_sessions` ran out of memory again and again and took its run with it; and
in the week after, three days of July were computed again for its new columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from making.company import ACCOUNT, AFTER, DAY, FIRST, HOUR, MINUTE, REGION, USES, days, drawn

FAILED_DAY = datetime(2026, 9, 17)
BACKFILLED = {datetime(2026, 9, 22 + n): datetime(2026, 7, 29 + n) for n in range(3)}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a DAG."""

    dag: str
    run_id: str
    kind: str
    logical: datetime | None
    after: datetime


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try of one task of a run."""

    run: Run
    task: str
    map_index: int = -1
    number: int = 1
    start: datetime | None = None
    stop: datetime | None = None
    state: str = "success"
    pool: str = "emr_features"
    slots: int = 1


@dataclass(frozen=True, kw_only=True)
class Training:
    """One run of MLflow."""

    experiment: str
    model: str
    name: str
    start: datetime
    stop: datetime
    status: str = "FINISHED"
    parent: str = ""
    inside: Try | None = None
    job: str = ""
    instance: str = ""
    registers: bool = False

    @property
    def arn(self) -> str:
        """Name the SageMaker job that it is billed as."""
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{self.job}" if self.job else ""


def scheduled(dag: str, at: datetime) -> Run:
    """Make the run that the scheduler starts at a time."""
    run_id = f"scheduled__{at:%Y-%m-%dT%H:%M:%S}+00:00"
    return Run(dag=dag, run_id=run_id, kind="scheduled", logical=at, after=at)


def task(
    random: Random, plan: Try, at: datetime, minutes: int, *, failing: float = 0
) -> tuple[list[Try], datetime]:
    """Run a task: its tries, and when it was done. Some first tries fail on the way."""
    tries = []
    if random.random() < failing:
        lost = minutes * MINUTE * random.randrange(20, 70) / 100
        tries.append(replace(plan, start=at, stop=at + lost, state="failed"))
        at += lost + 5 * MINUTE
    took = timedelta(seconds=minutes * 60 * random.randrange(90, 115) // 100 + random.random())
    done = replace(plan, start=at, stop=at + took, number=len(tries) + 1)
    return [*tries, done], at + took


def sessions(random: Random, run: Run, at: datetime) -> tuple[list[Try], datetime]:
    """Compute the sessions in three mapped shards; on the failed day each dies three times."""
    tries, last = [], at
    for shard in range(3):
        plan = Try(run=run, task="features.fv_customer_sessions", map_index=shard, slots=2)
        if run.logical is not None and run.logical.date() == FAILED_DAY.date():
            for number in (1, 2, 3):
                start = at + (number - 1) * 100 * MINUTE
                stop = start + (90 + random.randrange(8)) * MINUTE
                tries.append(replace(plan, start=start, stop=stop, state="failed", number=number))
                last = max(last, stop)
            continue
        some, done = task(random, plan, at, 200, failing=0.04)
        tries += some
        last = max(last, done)
    return tries, last


def shop_features(random: Random, run: Run, at: datetime) -> list[Try]:
    """Make the customer and product features, after one shared extract."""

    def step(name: str, slots: int, start: datetime, minutes: int) -> datetime:
        plan = Try(run=run, task=name, slots=slots)
        some, done = task(random, plan, start, minutes, failing=0.015)
        tries.extend(some)
        return done

    tries: list[Try] = []
    ready = step("extract", 3, at, 70) + MINUTE
    orders = step("features.fv_customer_orders_30d", 2, ready, 150)
    profile = step("features.fv_customer_profile", 1, ready, 90)
    shards, visited = sessions(random, run, ready)
    tries += shards
    clicks = step("features.fv_query_clicks", 2, profile + MINUTE, 140)
    tickets = step("features.fv_support_tickets", 2, orders + MINUTE, 230)
    popular = step("features.fv_product_popularity", 1, clicks + MINUTE, 100)
    if shards[-1].state == "failed":
        tries.append(Try(run=run, task="publish", state="upstream_failed", number=0))
    else:
        step("publish", 1, max(visited, popular, tickets) + MINUTE, 20)
    return tries


def risk_features(random: Random, at: datetime) -> list[Try]:
    """Make the risk features, twice a day. Payment risk often needs a second try."""
    run = scheduled("risk_features_12h", at)
    tries, ready = task(random, Try(run=run, task="extract", slots=2), at, 50)
    last = ready
    for view, slots, minutes, failing in (
        ("fv_orders_last_month", 3, 150, 0.0),
        ("fv_payment_risk", 2, 130, 0.35),
        ("fv_device_signals", 2, 100, 0.03),
    ):
        plan = Try(run=run, task=f"features.{view}", slots=slots)
        some, done = task(random, plan, ready + MINUTE, minutes, failing=failing)
        tries += some
        last = max(last, done)
    return tries + task(random, Try(run=run, task="publish"), last + MINUTE, 10)[0]


def scoring(random: Random, dag: str, at: datetime, minutes: int) -> list[Try]:
    """Score all customers in four mapped shards."""
    run, tries = scheduled(dag, at), []
    for shard in range(4):
        plan = Try(run=run, task="score", map_index=shard, slots=2)
        tries += task(random, plan, at + MINUTE, minutes, failing=0.01)[0]
    return tries


def discovery(random: Random, at: datetime) -> list[Try]:
    """Embed items and train the ranking every night on the GPUs, recommendations on Sundays."""
    run = scheduled("discovery_nightly", at)
    gpu = Try(run=run, task="", pool="gpu", slots=4)
    tries, embedded = task(random, replace(gpu, task="features.fv_item_embeddings"), at, 320)
    ranking = replace(gpu, task="train_search_ranking")
    tries += task(random, ranking, at + MINUTE, 400, failing=0.2)[0]
    if at.weekday() == 6:
        recommend = replace(gpu, task="train_recommendations")
        tries += task(random, recommend, embedded + MINUTE, 290)[0]
    return tries


def all_tries() -> list[Try]:
    """Run all DAGs over the three months, from the evening before."""
    random, tries = drawn("runs"), []
    for day in days(FIRST - DAY):
        tries += risk_features(random, day + 23 * HOUR + 30 * MINUTE)
        tries += discovery(random, day + 19 * HOUR + 30 * MINUTE)
        if day < FIRST:
            continue
        at = day + HOUR
        tries += shop_features(random, scheduled("shop_features_daily", at), at + MINUTE)
        tries += risk_features(random, day + 11 * HOUR + 30 * MINUTE)
        tries += scoring(random, "churn_scoring_daily", day + 8 * HOUR, 90)
        tries += scoring(random, "offers_daily", day + 14 * HOUR, 200)
        if day.weekday() == 0:
            plan = Try(run=tries[-1].run, task="train")
            tries += task(random, plan, day + 17 * HOUR + 50 * MINUTE, 25)[0]
        at = day + 8 * HOUR + 10 * MINUTE
        if day == FAILED_DAY + DAY:
            run_id = f"manual__{at:%Y-%m-%dT%H:%M:%S}+00:00"
            run = Run(
                dag="shop_features_daily", run_id=run_id, kind="manual", logical=None, after=at
            )
            tries += shop_features(random, run, at + MINUTE)
        if day in BACKFILLED:
            logical = BACKFILLED[day] + HOUR
            run_id = f"backfill__{logical:%Y-%m-%dT%H:%M:%S}+00:00"
            run = Run(
                dag="shop_features_daily",
                run_id=run_id,
                kind="backfill",
                logical=logical,
                after=logical,
            )
            tries += shop_features(random, run, at + MINUTE)
    return [one for one in tries if one.start is None or one.start < AFTER - HOUR / 2]


def tuning(
    random: Random, model: str, at: datetime, *, trials: int, instance: str, minutes: int
) -> Iterator[Training]:
    """Search parameters: a small SageMaker job starts its trials, each a job; one is killed."""
    parent, killed = f"{model}-tuning-{at:%Y%m%d}", random.randrange(trials)
    start, children = at + 2 * MINUTE, []
    for trial in range(trials):
        took = timedelta(seconds=minutes * 60 * random.randrange(80, 120) // 100)
        children.append(
            Training(
                experiment=model,
                model=model,
                name=f"{parent}-{trial + 1}",
                start=start,
                stop=start + (took if trial != killed else took / 3),
                status="KILLED" if trial == killed else "FINISHED",
                parent=parent,
                job=f"{parent}-{trial + 1}",
                instance=instance,
            )
        )
        start = children[-1].stop + MINUTE
    yield Training(
        experiment=model,
        model=model,
        name=parent,
        start=at,
        stop=start + MINUTE,
        job=parent,
        instance="ml.m5.large",
    )
    yield from children


def training(random: Random, model: str, at: datetime, instance: str, minutes: int) -> Training:
    """Train once, as a SageMaker job. Now and then it runs out of memory."""
    took = timedelta(seconds=minutes * 60 * random.randrange(88, 118) // 100)
    failed = random.random() < 0.14
    name = f"{model}-{at:%Y%m%d}"
    return Training(
        experiment=model,
        model=model,
        name=name,
        start=at,
        stop=at + (took / 2 if failed else took),
        status="FAILED" if failed else "FINISHED",
        job=name,
        instance=instance,
        registers=not failed and at.weekday() == 0,
    )


def first_versions() -> list[Training]:
    """Make the versions that were live when the three months began."""
    at = datetime(2026, 7, 27, 6)
    return [
        Training(
            experiment=model,
            model=model,
            name=f"{model}-{at:%Y%m%d}",
            start=at,
            stop=at + 2 * HOUR,
            registers=True,
        )
        for model in USES
    ]


def all_trainings(tries: list[Try]) -> list[Training]:
    """Train all models: those in a DAG's task say so, the others are SageMaker jobs."""
    random, found = drawn("trainings"), first_versions()
    for day in days():
        found.append(training(random, "fraud", day + 2 * HOUR, "ml.p3.2xlarge", 210))
        if day.weekday() == 0:
            found.append(training(random, "churn", day + 5 * HOUR, "ml.m5.12xlarge", 240))
        if day.weekday() == 5:
            at = day + 9 * HOUR
            found += tuning(random, "fraud", at, trials=4, instance="ml.p3.2xlarge", minutes=70)
        if day.day == 4:
            at = day + 7 * HOUR
            found += tuning(random, "churn", at, trials=6, instance="ml.m5.12xlarge", minutes=150)
    for one in tries:
        model = {"train_recommendations": "recommendations", "train": "next_best_offer"}.get(
            one.task, "search_ranking" if one.task == "train_search_ranking" else ""
        )
        if model and one.start and one.stop:
            found.append(
                Training(
                    experiment=model,
                    model=model,
                    name=f"{model}-{one.run.after:%Y%m%d}-{one.number}",
                    start=one.start + MINUTE,
                    stop=one.stop - MINUTE,
                    status="FAILED" if one.state == "failed" else "FINISHED",
                    inside=one,
                    registers=one.state == "success"
                    and (model != "search_ranking" or one.start.weekday() == 0),
                )
            )
    return sorted(found, key=lambda one: (one.start, one.name))
