"""Stages that feed each other are found together, and after what they feed."""

from hypothesis import given
from hypothesis import strategies as st

from costlens.allocate.components import components

NODES = st.integers(0, 7).map(str)
GRAPHS = st.dictionaries(NODES, st.lists(st.integers(0, 9).map(str), max_size=4))


def reached(graph: dict[str, list[str]], start: str) -> set[str]:
    seen, new = {start}, [start]
    while new:
        for to in graph.get(new.pop(), []):
            if to in graph and to not in seen:
                seen.add(to)
                new.append(to)
    return seen


@given(GRAPHS)
def test_two_nodes_are_together_if_and_only_if_each_reaches_the_other(
    graph: dict[str, list[str]],
) -> None:
    found = [set(members) for members in components(graph)]
    assert sorted(node for members in found for node in members) == sorted(graph)
    reach = {node: reached(graph, node) for node in graph}
    for members in found:
        for node in members:
            assert members == {to for to in reach[node] if node in reach[to]}


@given(GRAPHS)
def test_what_a_component_reaches_comes_before_it(graph: dict[str, list[str]]) -> None:
    seen: set[str] = set()
    for members in components(graph):
        seen.update(members)
        assert reached(graph, members[0]) <= seen


def test_a_long_chain_is_no_trouble() -> None:
    chain = {str(n): [str(n + 1)] for n in range(20_000)}
    assert next(iter(components(chain))) == ["19999"]
