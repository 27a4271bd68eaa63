"""What a user writes, as frozen values: `costlens.yaml` and the catalogue.

These definitions are the only ones: the strict loader reads YAML into them, the JSON Schema for
editors is made from them, and the reference page lists them. A field's `doc` is its help text; what
else its metadata may say stands in `keys.Key`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from costlens.config.access import Access, Account, Password
from costlens.config.benefits import Benefit, Realised, Worth
from costlens.config.budgets import Budget
from costlens.config.correlations import Correlation
from costlens.config.dated import Edge, Owner, Weight
from costlens.config.metrics import Metric, Reading
from costlens.config.pools import Pool
from costlens.config.readers import Readers
from costlens.config.reports import Mail, Report, Schedule
from costlens.config.value import Value, required, setting
from costlens.engine import MEMORY_LIMIT


@dataclass(frozen=True, kw_only=True)
class Selector(Value):
    """What picks charges: keys AND, values of one key OR, globs with `*` and `?`, case folded."""

    account: tuple[str, ...] = setting("BillingAccountId or SubAccountId", (), any_of=True)
    service: tuple[str, ...] = setting("ServiceName", (), any_of=True)
    region: tuple[str, ...] = setting("RegionId", (), any_of=True)
    resource_id: tuple[str, ...] = setting(
        "ResourceId, or AllocatedResourceId where there is one", (), any_of=True
    )
    usage_type: tuple[str, ...] = setting(
        "the provider's usage type, meter or SKU", (), any_of=True
    )
    category: tuple[str, ...] = setting("ChargeCategory or ServiceCategory", (), any_of=True)
    tags: Mapping[str, tuple[str, ...]] = setting(
        "tag key to value or values; `sku:NAME` is a property of SkuPriceDetails, as `sku:ModelId`",
        {},
        any_of=True,
    )


@dataclass(frozen=True, kw_only=True)
class Rule(Selector):
    """One rule of a `billed_by`: the charges it picks belong to the thing it stands under."""

    priority: int = setting("of two rules of one tier the higher priority wins", 0)
    valid_from: date | None = setting("first day", None, key="from")
    valid_until: date | None = setting("last day, included", None, key="until")


@dataclass(frozen=True, kw_only=True)
class Exclusion(Selector):
    """Charges of a source that are left out of every attribution, and why."""

    reason: str = required("why; printed beside the money")


@dataclass(frozen=True, kw_only=True)
class Source(Value):
    """Where a bill or a run log comes from."""

    name: str = required(
        "a name of your own; it stands beside every number that came from here", form="name"
    )
    type: str = required("a connector pack: `costlens packs` lists them")
    path: str = setting(
        "a file, a folder or a glob, relative to costlens.yaml; or s3://BUCKET/PREFIX",
        "",
        choice="path",
    )
    s3: Access | None = setting("how to reach a path on S3")
    aws: Account | None = setting(
        "in place of a path: the account of AWS whose own answers are read", None, choice="aws"
    )
    url: str | None = setting(
        "in place of a path: the database that a tool keeps its tables in, as "
        "postgresql://USER@HOST:PORT/DATABASE or mysql://",
        None,
        choice="url",
    )
    password: Password | None = setting(
        "where the password of the database's user is kept",
        None,
        hidden="{env: NAME} or {file: PATH}",
    )
    schema: str | None = setting("the schema of the tables, where PostgreSQL does not look itself")
    currency: str | None = setting("the currency of a bill that names none", None, form="currency")
    parts: bool = setting("a month comes in several files, all of which count", False)
    late_charges: Literal["refuse", "accept"] = setting(
        "charges of another month that are not marked as a correction", "refuse"
    )
    exclude: tuple[Exclusion, ...] = setting("charges to leave out, each with its reason", ())
    columns: Mapping[str, str] = setting(
        "column of the pack to the column of the file that holds it", {}
    )
    values: Mapping[str, str] = setting(
        "column of the pack to the value that it has on every line", {}
    )
    split_costs: Literal["leave_out", "replace"] = setting(
        "lines that tell a machine's cost again, by pods and tasks (aws_cur): leave them out, or "
        "let them replace it; what they do not cover stays with the machine",
        "leave_out",
        asked=True,
    )
    drop_tags: tuple[str, ...] = setting(
        "tags that are never stored, such as personal data: globs over their keys, case folded", ()
    )


_PRACTICAL = (
    "the part of its capacity that can be used in practice, as 0.8: what is not used of that is "
    "idle, the rest is of class `reserved`"
)
Policy = str  # show, share, evenly, weight or `by MEASURE`
Overlap = Literal["capacity", "capacity_by_unit", "occupancy", "occupancy_by_slots", "duration"]


@dataclass(frozen=True, kw_only=True)
class Allocation(Value):
    """The policies of the allocation."""

    basis: Literal["effective", "billed"] = setting("which basis questions show first", "effective")
    overlap: Overlap = setting(
        "how runs share a resource: `capacity` by what they use of it, the rest is idle; "
        "`capacity_by_unit` its vCPU, memory and GPU each by itself; "
        "`occupancy` all of it while any is there, evenly, or `occupancy_by_slots`; `duration` by "
        "their time, which hides idle",
        "capacity",
    )
    cascade: Literal["reciprocal", "step_down"] = setting(
        "how stages that are split by use serve each other: `reciprocal` solves it exactly, "
        "`step_down` hands on in `cascade_order`, as many finance systems do",
        "reciprocal",
    )
    cascade_order: tuple[str, ...] = setting(
        "the stages that are split by use, first to last: none gives to one before it",
        (),
        ref="stage",
    )
    idle: Policy = setting(
        "unused capacity: `show` it as a line of its own, or `share` it among those who used the "
        "resource; or `evenly`, or by `weight`, or by what was measured, as `by reads`",
        "show",
        form="policy",
    )
    failed_runs: Literal["charge"] = setting(
        "failed, killed and retried time stays with the run's targets, as class waste", "charge"
    )
    shared_parts: Literal["even", "by_work"] = setting(
        "how a shared part is split among the features of its run", "even"
    )
    unused_commitment: Policy = setting(
        "unused commitment that no target bears: `show` it, or `share` it among targets by their "
        "cost of the same bill and month; or as idle",
        "show",
        form="policy",
    )
    tax: Policy = setting("tax that no target bears, likewise", "show", form="policy")
    credit: Policy = setting("credits that no target bears, likewise", "show", form="policy")
    support: Policy = setting("support that no target bears, likewise", "show", form="policy")


@dataclass(frozen=True, kw_only=True)
class Settings(Value):
    """`costlens.yaml`."""

    version: Literal[1] = required("the version of this format: 1")
    currency: str = setting("the currency reports are made in (ISO 4217)", "USD", form="currency")
    sources: tuple[Source, ...] = required("bills and run logs", names="source")
    allocation: Allocation = setting("policies", Allocation())
    roi: Worth = setting("how benefits are counted", Worth())
    lake: str = setting("the folder of results, relative to costlens.yaml", "lake")
    memory_limit: str = setting(
        "memory that a refresh may take: a part of this machine's or container's, or an amount "
        "such as 4GB; what does not fit goes to disk",
        MEMORY_LIMIT,
        form="memory",
    )
    scratch: str | None = setting(
        "the folder for what does not fit into memory, relative to costlens.yaml; else it is a "
        "folder in the lake"
    )
    access: Readers | None = setting(
        "who may read the pages; without it, `costlens serve` answers this machine alone"
    )
    reports: tuple[Report, ...] = setting("files that go out by themselves", (), names="report")
    mail: Mail | None = setting("the server that reports are mailed by")
    schedule: Schedule = setting("when things are done by `costlens schedule`", Schedule())


@dataclass(frozen=True, kw_only=True)
class Capacity(Value):
    """What a resource can do at once, in slots, in machines, or in vCPU, GB and GPU."""

    slots: Decimal | None = setting("concurrent slots", None, least=0, choice="slots")
    machines: Decimal | None = setting("machines", None, least=0, choice="machines")
    vcpu: Decimal | None = setting("virtual processors, weight 9", None, least=0, choice="size")
    memory_gb: Decimal | None = setting("memory in GB, weight 1", None, least=0, choice="size")
    gpu: Decimal | None = setting("accelerators, weight 90", None, least=0, choice="size")


@dataclass(frozen=True, kw_only=True)
class RunsOn(Value):
    """The attempts that ran on a resource: a pipeline's, or some of its parts."""

    pipeline: str = required("a pipeline of the catalogue", ref="pipeline")
    part: str | None = setting("RE2 over part names, full match", None, pattern=True)


@dataclass(frozen=True, kw_only=True)
class RunsOf(Value):
    """Which runs of which source are this pipeline's."""

    source: str | None = setting("a source of costlens.yaml; any when left out", None, ref="source")
    match: Mapping[str, tuple[str, ...]] = setting(
        "`pipeline` or a tag of the run, to globs; keys AND, values OR", {}
    )


@dataclass(frozen=True, kw_only=True)
class Produce(Value):
    """What the parts of a pipeline make. `{name}` stands for a named group of `part`."""

    part: str = required("RE2 over part names, full match", pattern=True)
    feature: str | None = setting(
        "the feature these parts make", None, ref="feature", template=True, choice="feature"
    )
    model: str | None = setting(
        "the model these parts make", None, ref="model", template=True, choice="model"
    )
    shared: bool = setting(
        "the part serves every feature mapped in the same run", False, choice="shared"
    )


@dataclass(frozen=True, kw_only=True)
class Named(Value):
    """A named thing of the catalogue."""

    name: str = required("its name, unique among things of its kind", form="name")
    owner: tuple[Owner, ...] = setting(
        "a team; or a list of teams, each with its days", (), short="team"
    )
    description: str | None = setting("a sentence for people")
    meta: Mapping[str, Any] = setting("free for your own use", {})


@dataclass(frozen=True, kw_only=True)
class Team(Value):
    """Who owns things."""

    name: str = required("its name", form="name")
    email: str | None = setting("where reports go")
    cost_centre: str | None = setting("the cost centre of finance")
    description: str | None = setting("a sentence for people")
    meta: Mapping[str, Any] = setting("free for your own use", {})


@dataclass(frozen=True, kw_only=True)
class Resource(Named):
    """Shared compute: it owns charges and capacity, and attempts run on it."""

    billed_by: tuple[Rule, ...] = setting("rules that pick its charges", ())
    capacity: Capacity | None = setting("what it can do at once")
    machine: Capacity | None = setting(
        "the size of one machine, where a bill counts machine time",
        None,
        only=("slots", "vcpu", "memory_gb", "gpu"),
    )
    practical: Decimal | None = setting(_PRACTICAL, None, above=0, most=1)
    runs: tuple[RunsOn, ...] = setting("what ran on it, beside attempts that name its id", ())
    overlap: Overlap | None = setting("how runs share it, if not as `allocation` says")


@dataclass(frozen=True, kw_only=True)
class Pipeline(Named):
    """Work that runs: its attempts, what its parts make, and the charges that are its own."""

    runs: RunsOf | None = setting("its runs; by default those whose pipeline has this name")
    billed_by: tuple[Rule, ...] = setting("rules that pick its charges", ())
    capacity: Capacity | None = setting("makes `billed_by` a resource that it alone uses")
    machine: Capacity | None = setting(
        "the size of one machine of that resource",
        None,
        only=("slots", "vcpu", "memory_gb", "gpu"),
    )
    practical: Decimal | None = setting(_PRACTICAL, None, above=0, most=1)
    overlap: Overlap | None = setting("how its runs share that resource")
    produces: tuple[Produce, ...] = setting("what its parts make; the first match wins", ())
    life_months: int | None = setting(
        "how long what it makes lasts, such as a trained model: `costlens value` spreads its cost "
        "over so many months",
        None,
        above=0,
    )


@dataclass(frozen=True, kw_only=True)
class Stage(Named):
    """Cost that is no run: a table, a warehouse, a platform, people."""

    billed_by: tuple[Rule, ...] = setting("rules that pick its charges", ())
    split: Literal["need", "use"] = setting(
        "need: shared once among whom it serves; use: handed on by consumption", "need"
    )
    feeds: tuple[Edge, ...] = setting("what needs or consumes it", ())
    columns: Mapping[str, Decimal] = setting(
        "its columns and their sizes, where it feeds by `columns` of unlike size", {}, least=0
    )


@dataclass(frozen=True, kw_only=True)
class Target(Named):
    """What leaders ask about."""

    weight: tuple[Weight, ...] = setting(
        "its declared weight where a stage serves several, 0 or more; or a list of weights, each "
        "with its days",
        (),
        short="weight",
    )
    billed_by: tuple[Rule, ...] = setting("charges that only this needs", ())
    uses: tuple[Edge, ...] = setting("what it is made from", ())
    benefits: tuple[Benefit, ...] = setting(
        "what it brings in; best on a product, where people feel it", (), names="benefit"
    )
    notice_days: int | None = setting(
        "how many days its users are told before it is stopped", None, least=0
    )


@dataclass(frozen=True, kw_only=True)
class Feature(Target):
    """What a pipeline makes for models."""

    uses: tuple[Edge, ...] = setting("features it is made from", (), only=("feature",))
    type: Literal["feature_view", "table", "column"] | None = setting("what it is in the store")
    pipeline: str | None = setting("the pipeline that makes it", None, ref="pipeline")
    sources: tuple[str, ...] = setting("what it is computed from, such as orders.amount", ())
    expression: str | None = setting(
        "how it is computed; features of one expression over the same sources are duplicates"
    )


@dataclass(frozen=True, kw_only=True)
class RequestsOf(Value):
    """Where the requests of an endpoint are counted."""

    source: str = required("a source of costlens.yaml", ref="source")


@dataclass(frozen=True, kw_only=True)
class Endpoint(Value):
    """Where a model is served."""

    name: str = required("its name, unique within the model", form="name")
    billed_by: tuple[Rule, ...] = setting("rules that pick its charges", ())
    requests: RequestsOf | None = setting("where its requests are counted")


@dataclass(frozen=True, kw_only=True)
class Model(Target):
    """A model: what it uses and where it is served."""

    uses: tuple[Edge, ...] = setting(
        "features and models it is made from", (), only=("feature", "model")
    )
    endpoints: tuple[Endpoint, ...] = setting("where it is served", (), names="endpoint")


@dataclass(frozen=True, kw_only=True)
class Product(Target):
    """What customers or colleagues use; benefits sit here."""

    uses: tuple[Edge, ...] = setting(
        "features, models and products it is made from", (), only=("feature", "model", "product")
    )
    metrics: tuple[Metric, ...] = setting(
        "what it is to achieve, with what is worked on for it", (), names="metric of its product"
    )


@dataclass(frozen=True, kw_only=True)
class Catalogue(Value):
    """Every named thing; several `catalog/*.yaml` files are read as one."""

    teams: tuple[Team, ...] = setting("who owns things", (), names="team")
    resources: tuple[Resource, ...] = setting("shared compute", (), names="resource")
    pipelines: tuple[Pipeline, ...] = setting("work that runs", (), names="pipeline")
    stages: tuple[Stage, ...] = setting("cost that is no run", (), names="stage")
    features: tuple[Feature, ...] = setting("what pipelines make", (), names="feature")
    models: tuple[Model, ...] = setting("what uses features", (), names="model")
    products: tuple[Product, ...] = setting("what has a benefit", (), names="product")
    pools: tuple[Pool, ...] = setting("cost that no bill holds, as declared", (), names="pool")
    budgets: tuple[Budget, ...] = setting("what may be spent", ())


@dataclass(frozen=True, kw_only=True)
class FxRate:
    """One unit of `currency` in `month` (YYYY-MM) is `rate` units of `to`."""

    month: str
    currency: str
    to: str
    rate: Decimal
    place: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A user's folder, read and checked."""

    folder: Path
    settings: Settings
    catalogue: Catalogue
    fx: tuple[FxRate, ...]
    realised: tuple[Realised, ...] = ()
    readings: tuple[Reading, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    digest: str
