"""Which targets are worth keeping together: the best set by a minimum cut, exactly.

A stage is paid as long as one of those who need it is kept. To keep the set whose benefits exceed
the stages it needs by most is Picard's project selection (1976): a minimum cut between benefits and
stages. All amounts are whole numbers, so no tie is decided by rounding.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Need = tuple[int, frozenset[str]]  # what stages cost, and who needs them


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best sets to keep: all of `kept`, and as many of `either` as one likes.

    `margins` say how much less a kept target may bring, or how much more one that is not kept has
    to, until both are as good. `net` is what the best sets bring beyond the stages they need.
    """

    kept: frozenset[str]
    either: frozenset[str]
    margins: Mapping[str, int]
    net: int


def choose(benefits: Mapping[str, int], needs: Iterable[Need]) -> Choice:
    """Find the smallest and the largest best set of those that have a benefit.

    Needs are of these alone: one that somebody else keeps in any case is left out before. The cost
    of a need of several is 0 or more; that of one alone may be below.
    """
    nets = dict(benefits)
    shared: list[Need] = []
    for cost, members in needs:
        if len(members) == 1:
            (one,) = members
            nets[one] -= cost
        elif cost:
            shared.append((cost, members))
    flow = _Flow(len(nets) + len(shared) + 2)
    source, sink = 0, 1
    at = {name: number for number, name in enumerate(sorted(nets), start=2)}
    for name, net in nets.items():
        flow.connect(source, at[name], max(net, 0))
        flow.connect(at[name], sink, max(-net, 0))
    endless = sum(map(abs, nets.values())) + sum(cost for cost, _ in shared) + 1
    for number, (cost, members) in enumerate(shared, start=len(nets) + 2):
        flow.connect(number, sink, cost)
        for member in members:
            flow.connect(at[member], number, endless)
    cut = flow.push(source, sink)
    wanted = flow.reached(source)
    refused = flow.reached(sink, backwards=True)
    kept = frozenset(name for name in nets if at[name] in wanted)
    largest = frozenset(name for name in nets if at[name] not in refused)
    margins = dict.fromkeys(nets, 0)
    for name in nets:
        if name in kept or name not in largest:
            ends = (source, at[name]) if name in kept else (at[name], sink)
            done: list[tuple[int, int]] = []
            margins[name] = flow.push(*ends, done=done)
            flow.undo(done)
    gains = sum(max(net, 0) for net in nets.values())
    return Choice(kept=kept, either=largest - kept, margins=margins, net=gains - cut)


class _Flow:
    """What may still flow through pipes (Dinic 1970); pipe n ^ 1 is pipe n backwards."""

    def __init__(self, nodes: int) -> None:
        self._pipes: list[list[int]] = [[] for _ in range(nodes)]
        self._ends: list[int] = []
        self._left: list[int] = []

    def connect(self, start: int, end: int, capacity: int) -> None:
        if capacity:
            self._pipes[start].append(len(self._ends))
            self._pipes[end].append(len(self._ends) + 1)
            self._ends += [end, start]
            self._left += [capacity, 0]

    def push(self, source: int, sink: int, done: list[tuple[int, int]] | None = None) -> int:
        """Push as much as goes, and say how much; `done` takes down what was pushed where."""
        pushed = 0
        while (levels := self._levels(source, sink)) is not None:
            unused = [len(pipes) for pipes in self._pipes]
            while way := self._way(source, sink, levels, unused):
                amount = min(self._left[pipe] for pipe in way)
                for pipe in way:
                    self._move(pipe, amount)
                    if done is not None:
                        done.append((pipe, amount))
                pushed += amount
        return pushed

    def undo(self, done: Sequence[tuple[int, int]]) -> None:
        for pipe, amount in done:
            self._move(pipe ^ 1, amount)

    def reached(self, start: int, *, backwards: bool = False) -> set[int]:
        """Find the nodes that something can still flow to, or backwards: from."""
        found, waiting = {start}, [start]
        while waiting:
            for pipe in self._pipes[waiting.pop()]:
                end = self._ends[pipe]
                if end not in found and self._left[pipe ^ 1 if backwards else pipe]:
                    found.add(end)
                    waiting.append(end)
        return found

    def _move(self, pipe: int, amount: int) -> None:
        self._left[pipe] -= amount
        self._left[pipe ^ 1] += amount

    def _levels(self, source: int, sink: int) -> dict[int, int] | None:
        """Tell how far nodes are from the source; None: the sink is cut off."""
        levels, waiting = {source: 0}, deque([source])
        while waiting:
            node = waiting.popleft()
            if node == sink:
                return levels
            for pipe in self._pipes[node]:
                if self._left[pipe] and self._ends[pipe] not in levels:
                    levels[self._ends[pipe]] = levels[node] + 1
                    waiting.append(self._ends[pipe])
        return None

    def _way(
        self, source: int, sink: int, levels: Mapping[int, int], unused: list[int]
    ) -> list[int]:
        """Find pipes from source to sink, a level a step; use up those that lead nowhere."""
        way: list[int] = []
        node = source
        while node != sink:
            if unused[node]:
                pipe = self._pipes[node][unused[node] - 1]
                end = self._ends[pipe]
                if self._left[pipe] and levels.get(end) == levels[node] + 1:
                    way.append(pipe)
                    node = end
                else:
                    unused[node] -= 1
            elif way:
                node = self._ends[way.pop() ^ 1]
                unused[node] -= 1
            else:
                return []
        return way
