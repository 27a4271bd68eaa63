"""The cascade (I11), against a solve of its own, with cycles, self-use and dead ends."""

from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import solve as reference

from costlens.allocate import cascade
from costlens.allocate.cascade import solve

NAMES = [f"s{i}" for i in range(7)]
SINKS = ["x", "y", "z"]
graphs = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(NAMES + SINKS), st.integers(0, 9), max_size=5),
    min_size=1,
)


def rows(stages: list[str], taken: dict[str, dict[str, int]]) -> dict[str, dict[str, Fraction]]:
    found: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for flow in solve(stages, taken):
        found[flow.origin][flow.sink] = Fraction(flow.numerator, flow.denominator)
    return dict(found)


def without_dead_sinks(taken: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Leave out stages that consume but have no row: to the engine they are sinks."""
    return {s: {c: w for c, w in to.items() if c in taken or c in SINKS} for s, to in taken.items()}


@given(graphs)
def test_the_cascade_is_the_exact_solution(taken: dict[str, dict[str, int]]) -> None:
    taken = without_dead_sinks(taken)
    assert all(flow.exact for flow in solve(taken, taken))
    wanted = {s: {c: p for c, p in row.items() if p} for s, row in reference(taken, taken).items()}
    assert rows(list(taken), taken) == wanted


@given(graphs)
def test_every_stage_hands_on_all_of_its_cost(taken: dict[str, dict[str, int]]) -> None:
    taken = without_dead_sinks(taken)
    assert all(sum(row.values()) == 1 for row in rows(list(taken), taken).values())
    assert all(flow.sink not in taken for flow in solve(taken, taken))


@given(graphs, st.permutations(NAMES))
def test_other_names_of_the_stages_change_no_share(
    taken: dict[str, dict[str, int]], order: list[str]
) -> None:
    taken = without_dead_sinks(taken)
    name = dict(zip(NAMES, order, strict=True))
    renamed = {name[s]: {name.get(c, c): w for c, w in to.items()} for s, to in taken.items()}
    before, after = rows(list(taken), taken), rows(list(renamed), renamed)
    assert {name[s]: row for s, row in before.items()} == after


def test_a_solution_with_huge_denominators_still_hands_on_everything() -> None:
    taken = {
        f"s{i}": {f"s{(i + 1) % 9}": 10**9 + i * 7919, "x": 104729 + i, "y": 3} for i in range(9)
    }
    flows = solve(taken, taken)
    assert not all(flow.exact for flow in flows)
    for stage in taken:
        own = [flow for flow in flows if flow.origin == stage]
        assert sum(flow.numerator for flow in own) == own[0].denominator
        for flow in own:
            wanted = reference(taken, taken)[stage][flow.sink]
            assert abs(Fraction(flow.numerator, flow.denominator) - wanted) < Fraction(1, 10**15)


def test_a_solution_of_many_stages_in_fine_steps_is_the_exact_one_once_laid_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = {
        f"s{i}": {f"s{j % 20}": 10**6 + i * 7919 + j for j in range(i, i + 5)}
        | {"x": i + 1, "y": 3}
        for i in range(20)
    }
    exact = solve(taken, taken)
    monkeypatch.setattr(cascade, "_MOST", 10)
    assert solve(taken, taken) == exact
