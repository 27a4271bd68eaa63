"""Whatever is written, dropped, published or given up, a lake holds what a plain dict would."""

import tempfile
from collections import Counter
from copy import deepcopy
from datetime import datetime
from pathlib import Path

import duckdb
from effort import examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from costlens.lake import Draft, Lake

NOW = datetime(2026, 11, 21)
KEYS = st.sampled_from([("a/b", "2026-01"), ("a/b", "2026-02"), ("%40", "2026-01"), ("é", "x")])
AMOUNTS = st.lists(st.integers(min_value=-(10**31), max_value=10**31), max_size=3)
State = dict[tuple[str, str], Counter[int]]


class ALake(RuleBasedStateMachine):
    """Two tables, one by two partitions and one without, beside dicts of the same rows."""

    @initialize()
    def begin(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.lake = Lake(Path(self.place.name) / "lake")
        self.con = duckdb.connect()
        self.published: dict[int, tuple[State, Counter[int]]] = {}
        self.begin_draft()

    def begin_draft(self) -> None:
        self.writing = self.lake.writing()
        self.draft: Draft = self.writing.__enter__()
        number = max(self.published, default=0)
        self.state, self.whole = deepcopy(self.published.get(number, ({}, Counter())))
        self.touched: set[tuple[str, str] | None] = set()

    def teardown(self) -> None:
        if hasattr(self, "writing"):
            self.writing.__exit__(None, None, None)
            self.con.close()
            del self.con
            self.place.cleanup()

    @rule(key=KEYS, amounts=AMOUNTS)
    def write(self, key: tuple[str, str], amounts: list[int]) -> None:
        before = self.state.get(key, Counter()) if key in self.touched else Counter[int]()
        partition = {"source": key[0], "month": key[1]}
        query = "select unnest($amounts::varchar[])::hugeint as quantity"
        params = {"amounts": [str(amount) for amount in amounts]}
        path = self.draft.write(self.con, "outputs", query, partition, params)
        assert (path is None) == (not amounts)
        self.state[key] = before + Counter(amounts)
        self.touched.add(key)

    @rule(amounts=AMOUNTS)
    def write_whole(self, amounts: list[int]) -> None:
        before = self.whole if None in self.touched else Counter[int]()
        query = "select unnest($amounts::varchar[]) as node"
        params = {"amounts": [str(amount) for amount in amounts]}
        self.draft.write(self.con, "catalogue", query, None, params)
        self.whole = before + Counter(amounts)
        self.touched.add(None)

    @rule(key=KEYS)
    def drop(self, key: tuple[str, str]) -> None:
        self.draft.drop("outputs", {"source": key[0], "month": key[1]})
        self.state[key] = Counter()
        self.touched.add(key)

    @rule()
    def publish(self) -> None:
        build = self.draft.publish(
            built_at=NOW, engine="", inputs={}, settings={}, book={}, periods={}, totals={}
        )
        self.writing.__exit__(None, None, None)
        self.published[build.number] = (self.state, self.whole)
        self.begin_draft()

    @rule()
    def give_up(self) -> None:
        self.writing.__exit__(None, None, None)
        self.begin_draft()

    @rule(keep=st.sampled_from([None, 1, 3]))
    def vacuum(self, keep: int | None) -> None:
        self.writing.__exit__(None, None, None)
        self.lake.vacuum(keep=keep, as_of=NOW)
        for number in sorted(self.published)[: -keep if keep else 0]:
            del self.published[number]
        self.begin_draft()

    @invariant()
    def the_draft_and_every_build_hold_what_the_dicts_hold(self) -> None:
        if not hasattr(self, "draft"):
            return
        self.draft.open(self.con)
        self.compare(self.state, self.whole)
        assert [build.number for build in self.lake.builds()] == sorted(self.published)
        for build in self.lake.builds():
            self.lake.open(self.con, build)
            self.compare(*self.published[build.number])

    def compare(self, state: State, whole: Counter[int]) -> None:
        rows = self.con.execute("select source, month, quantity from outputs").fetchall()
        held = Counter(
            {(*key, amount): n for key, rows in state.items() for amount, n in rows.items()}
        )
        assert Counter(rows) == held
        nodes = self.con.execute("select node from catalogue").fetchall()
        assert Counter(int(node) for (node,) in nodes) == whole


TestALakeIsADict = ALake.TestCase
TestALakeIsADict.settings = settings(
    max_examples=examples(10), stateful_step_count=15, deadline=None
)
