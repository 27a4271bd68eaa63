"""The first catalogue as values, before it is written out with its comments."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(kw_only=True)
class Rule:
    """A rule that picks charges, and what it picks."""

    key: str = ""  # of a tag; empty for a resource id
    value: str
    cost: Decimal | None = None


@dataclass(kw_only=True)
class Made:
    """What the parts of a pipeline make: a pattern and the feature or model it names."""

    part: str
    kind: str  # feature, model or shared
    target: str = ""
    note: str = ""


@dataclass(kw_only=True)
class Thing:
    """A pipeline, feature, model or resource that was found."""

    kind: str
    name: str
    raw: str  # as the logs spell it
    owner: str = ""
    note: str = ""  # where it was read
    rules: list[Rule] = field(default_factory=list)
    produces: list[Made] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)  # parts that nobody can place
    pipeline: str = ""  # of a feature
    endpoints: list["Endpoint"] = field(default_factory=list)

    @property
    def node(self) -> str:
        """How edges and findings name it."""
        return f"{self.kind}:{self.name}"


@dataclass(kw_only=True)
class Endpoint:
    """Where a model is served, as the bill shows it."""

    name: str
    rule: Rule
    requests: str = ""  # the source that counts them


@dataclass(kw_only=True)
class Team:
    """An owner that tags name."""

    name: str
    raw: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What no rule picks of one service."""

    service: str
    cost: Decimal
    resources: tuple[tuple[str, Decimal], ...]
    more_resources: int
    tags: tuple[tuple[str, str, Decimal], ...]


@dataclass(kw_only=True)
class Drafted:
    """Everything that the first catalogue says."""

    currency: str
    total: Decimal | None = None
    teams: list[Team] = field(default_factory=list)
    more_teams: list[str] = field(default_factory=list)  # that own nothing which was found
    things: list[Thing] = field(default_factory=list)
    rest: list[Rest] = field(default_factory=list)

    def of(self, kind: str) -> list[Thing]:
        """List the things of a kind, by name."""
        return sorted((t for t in self.things if t.kind == kind), key=lambda t: t.name)
