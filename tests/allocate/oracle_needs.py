"""The reference, part three: who needs what, and who took what, day by day.

Written from design.md ("Rules of the flow": Flow, Levels) and methods.md §2 and §6.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from oracle_nests import micros
from oracle_runs import Runs, valid
from worlds import LEVELS, World, moment

from costlens.config.values import Edge

MILLION = 1_000_000
GRADES = {"reads": "B", "known": "D", "work": "C", "columns": "C", "declared": "D", "even": "E"}


@dataclass(frozen=True, kw_only=True)
class Need:
    """The weighted need-set of a node at a level."""

    weights: dict[str, int]
    rung: str
    grade: str


def edge_end(edge: Edge) -> str:
    kinds = ("stage", "pipeline", "feature", "model", "product")
    return next(f"{k}:{getattr(edge, k)}" for k in kinds if getattr(edge, k))


def _whole(value: object) -> int | None:
    return None if value is None else int(Fraction(str(value)) * MILLION)


class Needs:
    """The graph of a world within the days of a period."""

    levels = LEVELS

    def __init__(self, world: World, runs: Runs, first: date, last: date) -> None:
        self.world, self.runs, self.first, self.last = world, runs, first, last
        self.declared = list(self._declared())
        self.consumed = self._consumed()
        self.made = self._made()
        self.seen = self._seen()
        self.own_weight = {
            f"{kind}:{t.name}": t.weight for kind, things in self._targets() for t in things
        }
        self._found: dict[tuple[date, object, str], Need | None] = {}

    def _targets(self) -> list[tuple[str, tuple]]:
        catalogue = self.world.catalogue
        return [
            ("feature", catalogue.features),
            ("model", catalogue.models),
            ("product", catalogue.products),
        ]

    def _declared(self) -> Iterable[tuple[str, str, Edge]]:
        for stage in self.world.catalogue.stages:
            for edge in stage.feeds:
                yield f"stage:{stage.name}", edge_end(edge), edge
                for cut in self.cuts(stage.name, edge):
                    yield f"stage:{stage.name}#{cut}", edge_end(edge), edge
        for kind, things in self._targets():
            for thing in things:
                for edge in thing.uses:
                    yield edge_end(edge), f"{kind}:{thing.name}", edge
        for model in self.world.catalogue.models:
            for endpoint in model.endpoints:
                yield f"endpoint:{model.name}/{endpoint.name}", f"model:{model.name}", Edge()

    # Slices

    def _sliced(self, name: str) -> list[Edge]:
        (feeds,) = (s.feeds for s in self.world.catalogue.stages if s.name == name)
        return [e for e in feeds if (e.size is not None or e.columns) and e.weight != 0]

    def cuts(self, name: str, edge: Edge) -> list[str]:
        """Name the slices of a stage that an edge needs: its columns, or all up to its size."""
        if edge not in self._sliced(name):
            return []
        sizes = {e.size for e in self._sliced(name) if e.size}
        below = [str(size) for size in sizes if edge.size is not None and size <= edge.size]
        return below + list(edge.columns)

    def slices(self, node: object, day: date) -> dict[str, Fraction]:
        """Size the slices of a stage on a day."""
        stages = [s for s in self.world.catalogue.stages if f"stage:{s.name}" == node]
        if not stages:
            return {}
        stage = stages[0]
        edges = [e for e in self._sliced(stage.name) if valid(e, day)]
        sizes = sorted({e.size for e in edges if e.size})
        found = {str(b): Fraction(b) - Fraction(a) for a, b in pairwise([0, *sizes])}
        columns = {column for e in edges for column in e.columns} | set(stage.columns)
        found |= {column: Fraction(stage.columns.get(column, 1)) for column in columns}
        return {f"{node}#{cut}": size for cut, size in found.items() if size}

    def _known(self) -> dict[str, set[str]]:
        """Bare name → the nodes it can mean."""
        catalogue = self.world.catalogue
        nodes = {f"resource:{t.name}" for t in catalogue.resources}
        nodes |= {f"pipeline:{t.name}" for t in catalogue.pipelines}
        nodes |= {f"stage:{t.name}" for t in catalogue.stages}
        nodes |= {f"{kind}:{t.name}" for kind, things in self._targets() for t in things}
        nodes |= {f"endpoint:{m.name}/{e.name}" for m in catalogue.models for e in m.endpoints}
        nodes |= {target for made in self.runs.made.values() for target in made}
        nodes |= {t.pipeline for t in self.runs.tries}
        nodes |= {node for feature, model, _, _ in self._seen() for node in (feature, model)}
        known: dict[str, set[str]] = defaultdict(set)
        for node in nodes:
            known[node.split(":", 1)[1]].add(node)
            known[node].add(node)
        return known

    def _consumed(self) -> dict[tuple[str, str], dict[date, int]]:
        known = self._known()
        found: dict[tuple[str, str], dict[date, Fraction]] = defaultdict(
            lambda: defaultdict(Fraction)
        )
        order = {"reads": "1", "requests": "2", "tokens": "3"}
        chosen: dict[str, str] = {}
        for row in self.world.activity:
            origins = known.get(row["target"], set())
            consumers = known.get(row["consumer"], set())
            if row["consumer"] is None or len(origins) != 1 or len(consumers) != 1:
                continue
            origin, measure = next(iter(origins)), row["measure"]
            best = chosen.get(origin, measure)
            chosen[origin] = min(best, measure, key=lambda m: order.get(m, "9") + m)
        self.measures = chosen
        for row in self.world.activity:
            origins, consumers = known.get(row["target"], set()), known.get(row["consumer"], set())
            if row["consumer"] is None or len(origins) != 1 or len(consumers) != 1:
                continue
            pair = (next(iter(origins)), next(iter(consumers)))
            if row["measure"] != chosen[pair[0]]:
                continue
            found[pair][moment(row["hour"]).date()] += Fraction(str(row["quantity"]))
        return {p: {d: int(q * MILLION) for d, q in days.items()} for p, days in found.items()}

    def _seen(self) -> set[tuple[str, str, date | None, date | None]]:
        """Collect the features of models as their versions say: (feature, model, from, until).

        The catalogue's word on a model goes before. The first version counts from the beginning, a
        later one from its day on.
        """
        written = {f"{k}:{t.name}" for k, things in self._targets() for t in things if t.uses}
        told = [row for row in self.world.links if row["to_node"] not in written]
        sure = {row["from_node"] for row in told if row["seen_as"].startswith("feast")}
        known = {f"feature:{f.name}" for f in self.world.catalogue.features} | sure
        known |= {t for made in self.runs.made.values() for t in made if t.startswith("feature:")}
        versions: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
        days: dict[tuple[str, str, str], str] = {}
        for row in told:
            name = row["from_node"]
            views = [k for k in known if name.startswith((f"{k}__", f"{k}:"))]
            if row["from_node"] not in sure and name not in known:
                name = max(views, key=len, default=None)
            if name is None:
                continue
            version = (row["source"], row["version"])
            versions[row["to_node"]][version].add(name)
            key = (row["to_node"], *version)
            days[key] = min(days.get(key, row["seen"]), row["seen"])
        found = set()
        for model, of in versions.items():
            inner = sorted(of, key=lambda v: (days[model, *v], v[0], int(v[1])))
            made = [moment(days[model, *v]).date() for v in inner]
            for i, version in enumerate(inner):
                first = None if i == 0 else made[i]
                after = made[i + 1] if i + 1 < len(made) else None
                if first is None or after is None or first < after:
                    found |= {(feature, model, first, after) for feature in of[version]}
        return found

    def _made(self) -> set[tuple[str, str]]:
        """Collect what pipelines make: as seen in the period's runs, and as the catalogue says."""
        first = micros(str(self.first)) if self.first <= self.last else 0
        last = micros(str(self.last)) + 86400 * MILLION if self.first <= self.last else 0
        made = {
            (t.pipeline, target)
            for t in self.runs.tries
            if t.start < last and t.until >= first
            for target in self.runs.made.get(t.at, {})
        }
        made |= {
            (f"pipeline:{f.pipeline}", f"feature:{f.name}")
            for f in self.world.catalogue.features
            if f.pipeline
        }
        for pipeline in self.world.catalogue.pipelines:
            for rule in pipeline.produces:
                for kind, name in (("feature", rule.feature), ("model", rule.model)):
                    if name and "{" not in name:
                        made.add((f"pipeline:{pipeline.name}", f"{kind}:{name}"))
        return made

    # Use

    def taken(self, day: date) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
        """Say what was taken of each stage that is split by use: on the day, else in its month,
        else as declared; with the grade of that."""
        taken: dict[str, dict[str, int]] = {}
        grades: dict[str, str] = {}
        for stage in (s for s in self.world.catalogue.stages if s.split == "use"):
            node = f"stage:{stage.name}"
            on_day: dict[str, int] = {}
            in_month: dict[str, int] = {}
            for (origin, consumer), days in self.consumed.items():
                if origin == node:
                    on_day[consumer] = days.get(day, 0)
                    month = [
                        q for d, q in days.items() if (d.year, d.month) == (day.year, day.month)
                    ]
                    in_month[consumer] = sum(month)
            feeds = [e for e in stage.feeds if valid(e, day)]
            said = {edge_end(e): _whole(e.weight) for e in feeds}
            if len(said) == 1:
                said = {to: MILLION if weight is None else weight for to, weight in said.items()}
            declared = {} if None in said.values() else said
            for weights, grade in ((on_day, "B"), (in_month, "B"), (declared, "D")):
                kept = {to: weight for to, weight in weights.items() if weight}
                if kept:
                    taken[node], grades[node] = kept, "A" if len(kept) == 1 else grade
                    break
        named = self.world.allocation.cascade_order
        others = sorted(s.name for s in self.world.catalogue.stages if s.split == "use")
        order = [f"stage:{name}" for name in dict.fromkeys((*named, *others))]
        if self.world.allocation.cascade == "step_down":
            for at, node in enumerate(order):
                left = {c: w for c, w in taken.get(node, {}).items() if c not in order[: at + 1]}
                taken[node] = left
                if not left:
                    grades.pop(node, None)
        return taken, grades

    # Need

    def edges(self, day: date, node: object) -> list[tuple[object, str, Edge | None, int | None]]:
        """List the edges out of a node: (from, to, declared edge or none, weight in its set)."""
        if isinstance(node, tuple):
            weights = dict(node[2])
            return [(node, to, None, None if node[1] == "even" else w) for to, w in weights.items()]
        found = [
            (a, b, e, None)
            for a, b, e in self.declared
            if a == node and (e.weight is None or e.weight > 0) and valid(e, day)
        ]
        bare = set(self.made)
        for pair, days in self.consumed.items():
            if any(q > 0 and self.first <= d <= self.last for d, q in days.items()):
                bare.add(pair)
        for feature, model, since, before in self.seen:
            if (since is None or since <= day) and (before is None or day < before):
                bare.add((feature, model))
        bare -= {(a, b) for a, b, _, _ in found}
        return found + [(a, b, None, None) for a, b in sorted(bare) if a == node]

    def of(self, day: date, node: object, level: str) -> Need | None:
        """Find the weighted need-set of a node at a level; none where nobody needs it."""
        key = (day, node, level)
        if key not in self._found:
            self._found[key] = self._need(day, node, level)
        return self._found[key]

    def _need(self, day: date, node: object, level: str) -> Need | None:
        start, alone = node, False
        if isinstance(node, tuple) and node[0] == "only":
            start, alone = node[1], node[1].startswith(f"{level}:")
        if alone:
            return Need(weights={start: 1}, rung="only", grade="A")
        seen, queue, into = {start}, [start], []
        while queue:
            for edge in self.edges(day, queue.pop()):
                into.append(edge)
                if edge[1] not in seen:
                    seen.add(edge[1])
                    queue.append(edge[1])
        targets = {n for n in seen if isinstance(n, str) and n.startswith(f"{level}:")}
        if not targets:
            return None
        if len(targets) == 1:
            return Need(weights=dict.fromkeys(targets, 1), rung="only", grade="A")
        edges = {t: [e for e in into if e[1] == t] for t in targets}
        return self._weigh(day, start, edges)

    def _weigh(self, day: date, start: object, edges: dict[str, list]) -> Need:
        """Take the best rung that all edges into all targets have."""
        measure = start[1] if isinstance(start, tuple) else None
        rungs = [
            ("reads", lambda e: self._reads(e, day, whole_month=False)),
            ("reads", lambda e: self._reads(e, day, whole_month=True)),
            ("known", lambda e: self._known_reads(e, day)),
            ("work", lambda e: e[3] if measure == "work" and e[0] == start else None),
            ("columns", lambda e: e[3] if measure == "columns" and e[0] == start else None),
            ("declared", lambda e: self._said(e, measure)),
        ]
        read = {
            "reads" if self._reads(e, day, whole_month=True) is None else self.measures[e[0]]
            for into in edges.values()
            for e in into
            if self._known_reads(e, day) is not None
        }
        for rung, weigh in rungs:
            if rung in ("reads", "known") and len(read) > 1:
                continue  # different measures never share a denominator
            weights = {t: [weigh(e) for e in into] for t, into in edges.items()}
            if all(into and None not in into for into in weights.values()):
                summed = {t: sum(into) for t, into in weights.items()}
                if sum(summed.values()) > 0:
                    return Need(weights=summed, rung=rung, grade=GRADES[rung])
        own = {
            t: next((_whole(w.weight) for w in self.own_weight.get(t, ()) if valid(w, day)), None)
            for t in edges
        }
        if None not in own.values() and sum(own.values()) > 0:
            return Need(weights=own, rung="weight", grade="D")
        return Need(weights=dict.fromkeys(edges, 1), rung="even", grade="E")

    def _reads(self, edge: tuple, day: date, *, whole_month: bool) -> int | None:
        days = self.consumed.get((edge[0], edge[1]), {})
        if not whole_month:
            return days.get(day)
        month = [q for d, q in days.items() if (d.year, d.month) == (day.year, day.month)]
        return sum(month) if month else None

    def _known_reads(self, edge: tuple, day: date) -> int | None:
        month = self._reads(edge, day, whole_month=True)
        said = _whole(edge[2].reads) if edge[2] else None
        return said if month is None else month

    def _said(self, edge: tuple, measure: str | None) -> int | None:
        if edge[2] is None:
            return edge[3] if measure == "declared" else None
        return _whole(edge[2].weight)
