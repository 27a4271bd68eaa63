"""The proof bites: a step that is wrong in a small way makes one of the proofs fail.

Every step is broken by rule in some ways: it loses rows, has rows twice, rounds early, joins inner. What
that cannot do is broken by hand: a retry counts as work, the lower priority wins.
"""

from pathlib import Path

import pytest
from breaking import ALL_STEPS, Broken, broken_by_rule, noticed
from compare import differences
from made_worlds import nested_world, parted_world, rich_world
from worlds import by_target, open_engine, run

import costlens.allocate
import costlens.money
from costlens.allocate import steps

MONEY = Path(costlens.money.__file__).with_suffix(".sql")
FOLDER = Path(costlens.allocate.__file__).parent
# What is no step of the split: what people wrote and what tables look like, what findings ask, lines
# of what nobody bears, and what would be without a thing.
NO_STEPS = {"catalogue", "graph", "inputs", "found", "found_in_runs"}
# What questions alone run: tests/roi/test_whatif.py and tests/questions/test_explaining.py hold them to the ledger.
NO_STEPS |= {"stopped", "line_wholes"}
# What is not asked for here, with the reason: changes that are none, and one that others notice.
EACH_HAS_ONE = (
    "each row has its one there, so nothing is lost; were it missing, the line would stay"
)
LEFT_OUT = {
    ("logged", "joins inner at its left join 2"): EACH_HAS_ONE,  # a source has a last moment
    ("matched_lines", "joins inner at its left join 1"): EACH_HAS_ONE,  # a line has a day
    ("matched_lines", "joins inner at its left join 2"): EACH_HAS_ONE,  # and what rules see of it
    ("matched_lines", "joins inner at its left join 3"): EACH_HAS_ONE,  # of which all have an owner
    (
        "chosen_lines",
        "rounds early",
    ): "amounts of lines say which are told one by one; what is told goes by their running sums",
    (
        "node_sets",
        "joins inner at its left join 1",
    ): "who reads it joins left: no row says as much as an empty one",
    ("policy_members", "joins inner at its left join 1"): "tests/allocate/test_policies.py",
    (
        "span_work",
        "joins inner at its left join 1",
    ): "a charge that names a run without time of its own: tests/flow/test_traps.py",
}


def test_the_engine_agrees_on_the_worlds_made_by_hand() -> None:
    for world in (rich_world(), nested_world(), parted_world()):
        assert differences(run(open_engine(), world), world) == []


def test_what_runs_within_a_task_is_paid_once_and_by_itself() -> None:
    """Slot hours, a currency unit each on c (120 of them) times 2, by hand."""
    con = run(open_engine(), nested_world())
    costs = by_target(con, "model")
    # m1 holds the one slot of task b for two hours; m2 goes on for an hour after its task; m3 has
    # the three slots of the task it is in longest.
    assert (costs["m1"], costs["m2"], costs["m3"]) == (2 * 2, 5 * 2, 4 * 3 * 2)
    features = by_target(con, "feature")
    assert features["a1"] == 6 * 2 * 2
    assert features["b1"] == (4 - 2) * 2
    assert features["a2"] == (5 - 4) * 2
    assert features["b2"] == 5 * 2
    assert features["a3"] == (5 - 4) * 3 * 2


@pytest.mark.few(4)
@pytest.mark.parametrize(
    "broken",
    [one for one in broken_by_rule() if (one.step, one.how) not in LEFT_OUT],
    ids=lambda broken: f"{broken.step} {broken.how}",
)
def test_a_step_that_is_broken_by_rule_is_noticed(broken: Broken) -> None:
    assert noticed(broken)


def test_every_step_is_broken() -> None:
    """And what is left out could be asked for."""
    found = {path.stem for path in FOLDER.glob("*.sql")}
    assert found - NO_STEPS == set(ALL_STEPS)
    made = {(broken.step, broken.how) for broken in broken_by_rule()}
    assert made >= LEFT_OUT.keys()
    assert {step for step, _ in made - LEFT_OUT.keys()} == set(ALL_STEPS)


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("step", "right", "broken"),
    [
        pytest.param("overlapped", "where work > 0\n", "where work < 0\n", id="idle is dropped"),
        pytest.param(
            "logged", "or try < last_try then", "or try > last_try then", id="a retry is no waste"
        ),
        pytest.param(
            "logged", "in ('failed', 'killed')", "in ('failed')", id="killed time is no waste"
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
            "pool_capacity",
            "when s.stated > 0",
            "when s.stated < 0",
            id="stated machine time is ignored",
        ),
        pytest.param(
            "span_work",
            "z.mixed or t.size_milli is null then 1000 else t.size_milli",
            "true then 1000",
            id="sizes are ignored",
        ),
        pytest.param("overlapped", "c.capacity as weight", "1 as weight", id="units cost alike"),
        pytest.param(
            "resource_sizes", "and unmade = 0 as apart", "as apart", id="who says nothing is free"
        ),
        pytest.param(
            "unit_capacity",
            "order by whole desc, source",
            "order by whole, source",
            id="the smallest service states units",
        ),
        pytest.param(
            "span_work",
            "and m.of_unit = c.of_unit",
            "and m.of_unit <= c.of_unit",
            id="a unit uses another",
        ),
        pytest.param(
            "time_nests",
            "partition by attempt order by length",
            "partition by attempt order by -length",
            id="the widest holds a run",
        ),
        pytest.param(
            "time_nests", "c.held > coalesce", "c.held < coalesce", id="the inner source holds"
        ),
        pytest.param(
            "run_nests", "u.source <> n.source or", "false or", id="other sources are not met"
        ),
        pytest.param(
            "run_nests", "n.part is not null and", "false and", id="its own source is not met"
        ),
        pytest.param(
            "segments",
            "and (n.parent is null or n.parent = i.parent)",
            "",
            id="a part holds a run of which one attempt is in it",
        ),
        pytest.param(
            "segments",
            "and (n.part is null or n.part = o.part)",
            "",
            id="a part's guest takes the time of every part",
        ),
        pytest.param("hosts", "(-shared_us, ", "(shared_us, ", id="the least shared is the host"),
        pytest.param(
            "hosts", "not l.placed as lodges", "false as lodges", id="guests have no place"
        ),
        pytest.param("tries", "coalesce(l.size, h.size)::d", "l.size::d", id="guests have no size"),
        pytest.param(
            "seen_uses", "when not d.is_first then", "when true then", id="no first version"
        ),
        pytest.param(
            "version_uses", "|| '__'", "|| '_'", id="a column is a view by any first part"
        ),
        pytest.param(
            "need_weights",
            "and (w.valid_to is null or w.valid_to > d.first_day)",
            "",
            id="a weight outlives its days",
        ),
        pytest.param(
            "overlapped",
            "capacity - greatest(practical, used) as work",
            "capacity - used as work",
            id="what is idle is reserved as well",
        ),
        pytest.param(
            "slice_edges", "b.size <= e.size", "b.size = e.size", id="a slice is one reader's"
        ),
        pytest.param("slices", "where e.is_own", "", id="a size outlives the edge that says it"),
        pytest.param(
            "slices", "bound - lag(bound, 1, 0)", "bound - lag(bound, 9, 0)", id="slices overlap"
        ),
        pytest.param("slices", "coalesce(c.size, 1)", "1", id="columns have no size"),
        pytest.param(
            "use_weights", "b.step > a.step", "b.step <> a.step", id="a later stage gives back"
        ),
        pytest.param(
            "rule_days",
            "select valid_to from weights",
            "select null",
            id="a weight ends with no stretch",
        ),
        pytest.param(
            "run_weights",
            "bool_and(has_work_s)",
            "bool_or(has_work_s)",
            id="one part decides for all",
        ),
    ],
)
def test_a_step_that_is_broken_by_hand_is_noticed(step: str, right: str, broken: str) -> None:
    text = steps.sql(step)
    assert right in text, "the step has changed: break it elsewhere"
    assert noticed(Broken(step=step, how="by hand", text=text.replace(right, broken)))


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
