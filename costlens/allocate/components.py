"""The parts of a graph whose members all reach each other, those downstream first."""

from collections.abc import Collection, Iterator, Mapping


def components(graph: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Give each strongly connected component of a graph after all that it reaches.

    `graph` has every node and where its edges go; what has no entry of its own is left out. This is
    Tarjan's algorithm on a stack of its own, as a chain of stages may be long.
    """
    number: dict[str, int] = {}  # in the order of first sight
    lowest: dict[str, int] = {}  # the earliest node of the same component that is known
    waiting: dict[str, None] = {}  # seen, and in no component yet; in the order of first sight
    for root in graph:
        path = [] if root in number else [(root, iter(graph[root]))]
        while path:
            node, onward = path[-1]
            if node not in number:
                number[node] = lowest[node] = len(number)
                waiting[node] = None
            for to in onward:
                if to in graph and to not in number:
                    path.append((to, iter(graph[to])))
                    break
                if to in waiting:
                    lowest[node] = min(lowest[node], number[to])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == number[node]:
                    yield _taken_off(waiting, node)


def _taken_off(waiting: dict[str, None], first: str) -> list[str]:
    """Take a component off: its first node and all that were seen after it."""
    members = []
    while first in waiting:
        members.append(waiting.popitem()[0])
    return members
