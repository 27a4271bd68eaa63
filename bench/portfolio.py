"""Measure the advice of the portfolio where every feature has a benefit of its own.

    python bench/portfolio.py

Features each with a cost of their own, and stages that many of them need; benefits are drawn evenly between
nothing and so many times what a feature was allocated. The best set and the margin of each is timed.
"""

import argparse
import random
import time

from costlens.roi.choice import Need, choose

WORLDS = (  # features, stages, features that need each stage, benefits up to so many times the cost
    (2_500, 0, 0, 3.0),
    (5_000, 500, 1_000, 3.0),
    (5_000, 500, 1_000, 2.05),
    (5_000, 2_000, 20, 3.0),
    (5_000, 5_000, 3, 2.0),
    (1_000, 400, 20, 1.5),
)


def world(
    features: int, stages: int, reach: int, most: float, seed: int
) -> tuple[dict[str, int], list[Need]]:
    """Make benefits and needs, in whole units as the portfolio has them."""
    drawn = random.Random(seed)
    names = [f"f{number}" for number in range(features)]
    alone = {name: drawn.randint(10**22, 10**24) for name in names}
    shared = [
        (drawn.randint(10**24, 10**26), frozenset(drawn.sample(names, reach)))
        for _ in range(stages)
    ]
    allocated = dict(alone)
    for cost, members in shared:
        for name in members:
            allocated[name] += cost // reach
    benefits = {name: int(cost * drawn.uniform(0, most)) for name, cost in allocated.items()}
    return benefits, [*shared, *((cost, frozenset([name])) for name, cost in alone.items())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    for features, stages, reach, most in WORLDS:
        benefits, needs = world(features, stages, reach, most, seed)
        start = time.perf_counter()
        choice = choose(benefits, needs)
        took = time.perf_counter() - start
        print(
            f"{features:,} features, {stages:,} stages of {reach:,}, benefit up to {most} times: "
            f"{took:.2f} s, {len(choice.kept):,} kept"
        )


if __name__ == "__main__":
    main()
