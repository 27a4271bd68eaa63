"""The proof bites: a step that is wrong in a small way makes the reference disagree."""

from pathlib import Path

import duckdb
import pytest
from compare import differences
from random_worlds import make_world
from worlds import World, open_engine, run

import costlens.money
from costlens.allocate import steps

MONEY = Path(costlens.money.__file__).with_suffix(".sql")
WORLDS = range(40)


def wrong(world: World) -> bool:
    try:
        return differences(run(open_engine(), world), world) != []
    except (duckdb.Error, KeyError):
        return True


@pytest.mark.parametrize(
    ("step", "right", "broken"),
    [
        pytest.param("overlapped", "where work > 0\n", "where work < 0\n", id="idle is dropped"),
        pytest.param(
            "tries", "or try < last_try then", "or try > last_try then", id="a retry is no waste"
        ),
        pytest.param(
            "tries", "in ('failed', 'killed')", "in ('failed')", id="killed time is no waste"
        ),
        pytest.param("segments", "('skipped', 'cached')", "('cached')", id="skipped time counts"),
        pytest.param(
            "segments",
            "where i.start < o.until and i.until > o.start",
            "where false",
            id="nested time counts twice",
        ),
        pytest.param(
            "winners",
            "order by tier, priority desc",
            "order by tier, priority",
            id="lower priority wins",
        ),
        pytest.param(
            "winners",
            "partition by key, stretch order by tier",
            "partition by key, stretch order by -tier",
            id="the weakest tier wins",
        ),
        pytest.param(
            "pools",
            "least(span_stop, day_start",
            "greatest(span_stop, day_start",
            id="days are cut wrongly",
        ),
        pytest.param(
            "own_costs", "p.outcome is null", "p.outcome is not null", id="own cost is forgotten"
        ),
        pytest.param(
            "need_weights",
            "as day_reads,\n        coalesce",
            "as day_reads_, null as day_reads,\n        coalesce",
            id="reads of the day are forgotten",
        ),
        pytest.param(
            "reach", "r.met = e.from_node", "r.node = e.from_node", id="need stops after one edge"
        ),
        pytest.param(
            "use_weights",
            "min(rung) as rung",
            "max(rung) as rung",
            id="declared goes before measured",
        ),
        pytest.param(
            "ledger",
            "(s.place <= e.billed_rest)",
            "(s.place < e.billed_rest)",
            id="a unit is lost in an even split",
        ),
        pytest.param(
            "pool_capacity", "m.used_us > 0", "m.used_us < 0", id="stated machine time is ignored"
        ),
        pytest.param(
            "span_work",
            "z.mixed or t.size_milli is null then 1000 else t.size_milli",
            "true then 1000",
            id="sizes are ignored",
        ),
        pytest.param(
            "run_weights",
            "bool_and(has_work_s)",
            "bool_or(has_work_s)",
            id="one part decides for all",
        ),
    ],
)
def test_a_broken_step_is_noticed(
    monkeypatch: pytest.MonkeyPatch, step: str, right: str, broken: str
) -> None:
    text = steps.sql(step)
    assert right in text, "the step has changed: break it elsewhere"
    whole = steps.sql
    monkeypatch.setattr(
        steps, "sql", lambda name: text.replace(right, broken) if name == step else whole(name)
    )
    assert any(wrong(make_world(seed)) for seed in WORLDS)


@pytest.mark.parametrize(
    ("right", "broken"),
    [
        ("(billed_rank <= billed_missing)", "(billed_rank < billed_missing)"),
        ("order by effective_rest desc", "order by effective_rest"),
        ("sign(billed) *", "1 *"),
    ],
)
def test_a_broken_split_is_noticed(right: str, broken: str) -> None:
    from test_splits import reference, split

    text = MONEY.read_text()
    assert right in text
    con = open_engine()
    for statement in con.extract_statements(text.replace(right, broken)):
        con.execute(statement)
    cases = [(-10, 100, [1, 2, 4]), (-7, 7, [70, 30, 11])]
    assert any(
        split(con, a, b, weights)
        != list(zip(reference(a, weights), reference(b, weights), strict=True))
        for a, b, weights in cases
    )
