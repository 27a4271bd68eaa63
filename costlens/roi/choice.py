"""Which targets are worth keeping together: the best set by a minimum cut, exactly.

A stage is paid as long as one of those who need it is kept. To keep the set whose benefits exceed
the stages it needs by most is Picard's project selection (1976): a minimum cut between benefits and
stages. All amounts are whole numbers, so no tie is decided by rounding.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

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
    names = sorted(nets)
    at = {name: number for number, name in enumerate(names)}
    shared.sort(key=lambda need: len(need[1]))  # who has little choice is paid first
    flow = _Flow([nets[name] for name in names])
    for cost, members in shared:
        flow.add(cost, [at[name] for name in members])
    flow.pay_all()
    kept, dropped = flow.in_every(), flow.in_none()
    gains = sum(max(net, 0) for net in nets.values())
    paid = sum(cost for cost, _ in shared) - sum(flow.missing)
    margins = dict.fromkeys(nets, 0)
    for name in names:
        if kept >> at[name] & 1:
            margins[name] = nets[name] - flow.lost_without(at[name], among=kept)
        elif dropped >> at[name] & 1:
            margins[name] = max(-nets[name], 0) + flow.paid_by(at[name], but=kept)
    return Choice(
        kept=frozenset(name for name in names if kept >> at[name] & 1),
        either=frozenset(name for name in names if not (kept | dropped) >> at[name] & 1),
        margins=margins,
        net=gains - paid,
    )


class _Flow:
    """What targets pay of the needs they share, out of what they bring beyond their own needs.

    As much is paid as can be: the largest flow from benefits to stages. Who pays one need may pay
    another in its place and leave the first to others, so a way to more money may take several
    steps (Ford and Fulkerson 1956). What would be otherwise is found by a few more steps from
    there, which are taken back. Targets, and needs, are the bits of whole numbers.
    """

    def __init__(self, nets: list[int]) -> None:
        self.missing: list[int] = []  # of each need, what is not paid
        self._slack = [max(net, 0) for net in nets]  # of each target, what it has not paid
        self._rich = _bits(one for one, net in enumerate(nets) if net > 0)  # who has slack
        self._open = 0  # needs of which something is missing
        self._payers = 0
        self._poor = _bits(one for one, net in enumerate(nets) if net < 0)
        self._needs = [0] * len(nets)  # of each target
        self._pays: list[set[int]] = [set() for _ in nets]  # which of them it pays
        self._members: list[int] = []  # of each need
        self._paid: list[dict[int, int]] = []  # by whom
        self._closed = 0  # needs that no slack gets to
        self._steps: list[tuple[int, int, int]] = []

    def add(self, cost: int, members: Iterable[int]) -> None:
        need = len(self.missing)
        self.missing.append(cost)
        self._open |= 1 << need
        self._paid.append({})
        self._members.append(_bits(members))
        for one in _each(self._members[need]):
            self._needs[one] |= 1 << need

    def pay_all(self) -> None:
        for need in range(len(self.missing)):
            self._pay(need, among=-1)

    def in_every(self) -> int:
        """Say who is in every best set: who has slack, and who pays what such a one needs."""
        found, waiting = 0, self._rich
        while waiting:
            found |= waiting
            needs = 0
            for one in _each(waiting):
                needs |= self._needs[one]
            waiting = _bits(who for need in _each(needs) for who in self._paid[need]) & ~found
        return found

    def in_none(self) -> int:
        """Say who is in no best set: who needs what is not paid, or what such a one pays."""
        found, waiting, seen = self._poor, self._open, self._open
        while waiting:
            more = 0
            for need in _each(waiting):
                more |= self._members[need]
            found |= more
            waiting = _bits(need for one in _each(more) for need in self._pays[one]) & ~seen
            seen |= waiting
        return found

    def lost_without(self, one: int, *, among: int) -> int:
        """Say what of its payments others would not make in its place."""
        self._steps, self._closed = [], 0
        mine = [(need, self._paid[need][one]) for need in self._pays[one]]
        for need, amount in mine:
            self._move(need, one, -amount)
        for need, _ in mine:
            self._pay(need, among=among & ~(1 << one))
        lost = sum(self.missing[need] for need, _ in mine)
        self._take_back()
        return lost

    def paid_by(self, one: int, *, but: int) -> int:
        """Say what more it would pay with no end of money; `but` are who needs nothing unpaid."""
        self._steps = []
        paid = sum(self.missing[need] for need in _each(self._needs[one] & self._open))
        while way := self._way_on(one, but | 1 << one):
            amount = self.missing[way[-1][0]]
            for (left, _), (_, who) in pairwise(way):
                amount = min(amount, self._paid[left][who])
            for (left, _), (to, who) in pairwise(way):
                self._move(left, who, -amount)
                self._move(to, who, amount)
            paid += amount
        self._take_back()
        return paid

    def _pay(self, need: int, *, among: int) -> None:
        """Have as much of a need paid as some targets can."""
        while self.missing[need] and (way := self._way(need, among)):
            amount = min(self.missing[need], self._slack[way[0][1]])
            for (left, _), (_, who) in pairwise(way):
                amount = min(amount, self._paid[left][who])
            self._move(*way[0], amount)
            for (left, _), (to, who) in pairwise(way):
                self._move(left, who, -amount)
                self._move(to, who, amount)

    def _way(self, need: int, among: int) -> list[tuple[int, int]]:
        """Find a way for money to a need: who pays which need anew, from who has slack on.

        Each but the first leaves the need before it on the way. No way: the needs that were seen
        are closed.
        """
        if rich := self._members[need] & among & self._rich:
            return [(need, rich.bit_length() - 1)]
        came: dict[int, tuple[int, int]] = {}
        waiting, seen, asked = [need], self._closed | 1 << need, 0
        for at in waiting:
            members = self._members[at] & among & self._payers & ~asked
            asked |= members
            for who in _each(members):
                for to in self._pays[who]:
                    if seen >> to & 1:
                        continue
                    seen |= 1 << to
                    came[to] = (at, who)
                    waiting.append(to)
                    if rich := self._members[to] & among & self._rich:
                        return [(to, rich.bit_length() - 1), *_back(came, to)]
        self._closed = seen
        return []

    def _way_on(self, one: int, but: int) -> list[tuple[int, int]]:
        """Find a way from a need that a target takes on to one that is not paid, payer by payer."""
        mine = self._needs[one]
        came: dict[int, tuple[int, int]] = {}
        waiting, seen = list(_each(mine)), mine
        for at in waiting:
            for who in self._paid[at]:
                more = 0 if but >> who & 1 else self._needs[who] & ~seen
                if unpaid := more & self._open:
                    back = [(at, who), *_back(came, at)]
                    ends = [unpaid.bit_length() - 1, *(need for need, _ in back)]
                    payers = [*(payer for _, payer in back), one]
                    return [*zip(ends, payers, strict=True)][::-1]
                seen |= more
                for to in _each(more):
                    came[to] = (at, who)
                    waiting.append(to)
        return []

    def _move(self, need: int, who: int, amount: int) -> None:
        """Have a target pay more of a need, or less."""
        self._steps.append((need, who, amount))
        self.missing[need] -= amount
        self._slack[who] -= amount
        self._paid[need][who] = self._paid[need].get(who, 0) + amount
        self._pays[who].add(need)
        if not self._paid[need][who]:
            del self._paid[need][who]
            self._pays[who].remove(need)
        self._open = _with(self._open, need, self.missing[need] > 0)
        self._payers = _with(self._payers, who, bool(self._pays[who]))
        self._rich = _with(self._rich, who, self._slack[who] > 0)

    def _take_back(self) -> None:
        for need, who, amount in self._steps[::-1]:
            self._move(need, who, -amount)


def _back(came: Mapping[int, tuple[int, int]], need: int) -> Iterator[tuple[int, int]]:
    """Go back where a search came from: the needs before one, and who leads from them."""
    while need in came:
        need, who = came[need]
        yield need, who


def _bits(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def _with(bits: int, number: int, is_in: bool) -> int:
    return bits | 1 << number if is_in else bits & ~(1 << number)


def _each(bits: int) -> Iterator[int]:
    while bits:
        last = bits & -bits
        yield last.bit_length() - 1
        bits ^= last
