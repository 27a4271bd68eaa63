"""A delivery replaces the months it holds, and nothing else."""

import json

import pytest
from conftest import HEADER, Desk, line

from costlens.errors import CostLensError

LOADS = "select period, rows, billed, superseded_by from loads order by period, load"


def test_nothing_new_changes_nothing(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line())
    assert desk.load().changed
    files = desk.files("charges")
    assert not desk.load(day=2).changed
    assert desk.said == []
    assert desk.files("charges") == files


def test_the_same_file_twice_counts_once(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("2"))
    desk.write("bills/b.csv", HEADER + line("2"))
    (finding,) = desk.load().findings
    assert str(finding) == (
        "bills/b.csv: holds the same as bills/a.csv: it counts once\n    remove one of the two"
    )
    assert desk.rows("select sum(BilledCost), count(*) from charges") == [(2, 1)]


def test_a_changed_month_is_replaced_and_the_others_keep_their_files(desk: Desk) -> None:
    april, may = line("1", month="2026-04"), line("2")
    desk.write("bills/a.csv", HEADER + april + may)
    desk.load()
    before = desk.files("charges")
    desk.write("bills/a.csv", HEADER + april + may + line("3", day="05"))
    assert desk.load(day=2).changed
    after = desk.files("charges")
    assert after["billing_period=2026-04"] == before["billing_period=2026-04"]
    assert desk.rows(LOADS) == [
        ("2026-04", 1, 1, None),
        ("2026-05", 1, 2, "bill/2026-05/2"),
        ("2026-05", 2, 5, None),
    ]
    assert desk.rows("select sum(BilledCost) from charges") == [(6,)]
    assert not desk.load(day=3).changed


def test_a_month_that_a_file_no_longer_holds_is_dropped_with_a_warning(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1", month="2026-04") + line("2"))
    desk.load()
    desk.write("bills/a.csv", HEADER + line("2"))
    (finding,) = desk.load(day=2).findings
    assert finding.message == ("charges of 2026-04 are in no file any more, 1 USD billed: dropped")
    assert desk.rows("select distinct billing_period from charges") == [("2026-05",)]


def test_a_file_that_is_gone_leaves_its_months_as_they_are(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1", month="2026-04"))
    gone = desk.write("bills/b.csv", HEADER + line("2"))
    desk.load()
    gone.unlink()
    ingested = desk.load(day=2)
    assert not ingested.changed
    (finding,) = ingested.findings
    assert (finding.severity, finding.where) == ("info", "bills/b.csv")
    assert finding.message == "is gone: 2026-05 stays as it was loaded"


def test_a_month_is_not_reloaded_without_a_part_of_it(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1"))
    gone = desk.write("bills/b.csv", HEADER + line("2", account="a-2"))
    desk.load()
    gone.unlink()
    desk.write("bills/a.csv", HEADER + line("3"))
    (told,) = desk.refusal()
    assert told == (
        "bills/b.csv: is gone, and 2026-05 cannot be reloaded without it\n"
        "    put it back: another file of that month changed"
    )


def test_a_newer_delivery_under_another_name_replaces_the_one_that_is_gone(desk: Desk) -> None:
    first = desk.write("bills/may-1.csv", HEADER + line("1"))
    desk.load()
    first.unlink()
    desk.write("bills/may-2.csv", HEADER + line("2"))
    (finding,) = desk.load(day=2).findings
    assert finding.message == "2026-05 was restated: billed +1, effective +1 USD"
    assert desk.rows("select sum(BilledCost) from charges") == [(2,)]


def test_two_files_of_one_account_and_month_are_refused(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1"))
    desk.write("bills/b.csv", HEADER + line("2"))
    assert desk.refusal() == [
        "bills/b.csv: holds AWS: a-1 in 2026-05, as bills/a.csv does\n    keep the newer of the "
        'two; if both count, write "parts: true" at costlens.yaml:3'
    ]


@pytest.mark.parametrize(
    "names", [("x-part-1.csv", "x-part-2.csv"), ("x-00001.csv", "x-00002.csv")]
)
def test_parts_of_one_delivery_all_count(desk: Desk, names: tuple[str, str]) -> None:
    for number, name in enumerate(names):
        desk.write(f"bills/{name}", HEADER + line("1", day=f"0{number + 1}"))
    desk.load()
    lines = desk.rows("select x_line from charges order by x_line")
    assert lines == [(1,), (10**10 + 1,)]


def test_files_that_are_said_to_be_parts_all_count(desk: Desk) -> None:
    desk.sources("name: bill, type: focus, path: bills/, parts: true")
    desk.write("bills/monday.csv", HEADER + line("1"))
    desk.write("bills/tuesday.csv", HEADER + line("2", day="05"))
    desk.load()
    assert desk.rows("select sum(BilledCost) from charges") == [(3,)]
    desk.write("bills/tuesday.csv", HEADER + line("4", day="05"))
    desk.load(day=2)  # monday is read again too, as it is of the same month
    assert desk.rows("select sum(BilledCost) from charges") == [(5,)]


def test_two_sources_of_one_account_and_month_are_refused(desk: Desk) -> None:
    desk.sources("name: bill, type: focus, path: a.csv", "name: aws, type: focus, path: b.csv")
    desk.write("a.csv", HEADER + line("1"))
    desk.write("b.csv", HEADER + line("2"))
    assert desk.refusal() == [
        'costlens.yaml:4: "aws" holds AWS: a-1 in 2026-05, as "bill" does\n'
        "    one bill counts once: take one of the two sources out; if each has other lines, name both "
        "files in one source with `parts: true`"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a-1", "AWS"), ("A-1", "Amazon Web Services")),
        (("s-1", "Microsoft"), ("/billingAccounts/s-1 ", "microsoft")),
        (("1A-2B", "Google Cloud"), ("1a-2b", "GCP")),
    ],
)
def test_an_account_spelled_otherwise_is_the_same(
    desk: Desk, first: tuple[str, str], second: tuple[str, str]
) -> None:
    desk.sources("name: bill, type: focus, path: a.csv", "name: other, type: focus, path: b.csv")
    for path, (account, provider) in (("a.csv", first), ("b.csv", second)):
        desk.write(path, HEADER + line(account=account).replace(",AWS,", f",{provider},"))
    (refusal,) = desk.refusal()
    assert f'{second[1]}: {second[0].split("/")[-1]} in 2026-05, as "bill" does' in refusal


def test_a_source_that_is_no_longer_named_no_longer_counts(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1"))
    desk.load()
    desk.sources("name: aws, type: focus, path: bills/")
    (finding,) = desk.load(day=2).findings
    assert finding.message == 'the source "bill" is gone: what came from it no longer counts'
    assert desk.rows("select source, sum(BilledCost) from charges group by all") == [("aws", 1)]


def test_a_currency_without_a_rate_is_refused_with_the_line_to_add(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1") + line("2", currency="eur"))
    assert desk.refusal() == [
        "fx.csv: no rate from EUR to USD in 2026-05\n"
        "    add the line 2026-05,EUR,USD,<rate>, below the first line month,from,to,rate"
    ]
    desk.write("fx.csv", "month,from,to,rate\n2026-04,EUR,USD,1.1\n")
    assert desk.refusal() == [
        "fx.csv: no rate from EUR to USD in 2026-05\n    add the line 2026-05,EUR,USD,<rate>"
    ]
    desk.write("fx.csv", "month,from,to,rate\n2026-05,EUR,USD,1.1\n")
    desk.load()
    assert desk.rows("select currency, billed from loads order by 1") == [("EUR", 2), ("USD", 1)]


def test_charges_of_another_month_are_accepted_where_the_source_says_so(desk: Desk) -> None:
    late = line("1").replace("2026-05-04T", "2026-04-04T")
    desk.write("bills/a.csv", HEADER + line("2") + late)
    assert desk.refusal() == [
        "bills/a.csv:3: a charge of 2026-04-04 stands in the bill of 2026-05 and is no Correction\n"
        '    correct its dates or its ChargeClass, or write "late_charges: accept" at '
        "costlens.yaml:3"
    ]
    desk.sources("name: bill, type: focus, path: bills/, late_charges: accept")
    assert desk.load().changed


def test_tags_that_rules_name_later_are_read_from_the_lake(desk: Desk) -> None:
    path = desk.write(
        "bills/a.csv", HEADER + line("1", tags='{"Team": "A", "team": "b", "env": 1}')
    )
    (finding,) = desk.load("team").findings
    assert finding.message == 'the tag "team" is spelled in two ways on 1 line of 2026-05'
    desk.write("bills/b.csv", HEADER + line("1", month="2026-06"))
    path.unlink()
    assert desk.load("team", "env", day=2).changed
    may = "select x_tags from charges where billing_period = '2026-05'"
    assert desk.rows(may) == [('["env=1","team=a","team=b"]',)]
    assert json.loads(desk.rows("select tag_keys from loads")[0][0]) == ["env", "team"]
    assert not desk.load("env", day=3).changed


def test_what_was_mended_is_told_as_long_as_the_load_stands(desk: Desk) -> None:
    desk.write("bills/a.csv", HEADER + line("1.5", effective="") + line("2"))
    first, again = desk.load(), desk.load(day=2)
    assert [str(finding) for finding in first.findings] == [
        "costlens.yaml:3: EffectiveCost was missing on 1 line of 2026-05, 1.5 USD billed\n"
        "    BilledCost stands in for it"
    ]
    assert again.findings == first.findings
    assert not again.changed


def test_a_growing_runs_file_keeps_the_months_that_are_done(desk: Desk) -> None:
    desk.sources("name: log, type: runs, path: runs.csv")
    head = "run_id,pipeline,start,end,feature\n"
    april = "r1,p,2026-04-30T23:00:00Z,2026-05-01T01:00:00Z,f\n"
    desk.write("runs.csv", head + april)
    desk.load()
    before = desk.files("attempts")
    desk.write("runs.csv", head + april + "r2,p,2026-05-02T00:00:00Z,,f\n")
    assert desk.load(day=2).changed
    assert desk.files("attempts")["month=2026-04"] == before["month=2026-04"]
    assert desk.rows("select run, state, month from attempts order by run") == [
        ("r1", "succeeded", "2026-04"),
        ("r2", "running", "2026-05"),
    ]
    assert not desk.load(day=3).changed


def test_a_pack_that_drops_lines_is_refused(desk: Desk) -> None:
    own = {
        "connector.yaml": "name: own\ntitle: Own\nproduces: charges\nformat: csv\n"
        "needs: [cost, day, labels]\n",
        "charges.sql": "select x_line, money(cost) as BilledCost, money(cost) as EffectiveCost, "
        "'USD' as BillingCurrency, 'Usage' as ChargeCategory, 'work' as x_class, "
        "'me' as ProviderName, '1' as BillingAccountId, json(labels) as Tags, "
        "date_trunc('month', utc(day))::timestamp as BillingPeriodStart, "
        "utc(day) as ChargePeriodStart from source where money(cost) > 1",
        "control.sql": "select strftime(utc(day), '%Y-%m') as period, 'USD' as currency, "
        "count(*) as rows, sum(exact(cost)) as source_billed, "
        "sum(exact(cost)) as source_effective, "
        "0::decimal(38, 18) as residual_billed, 0::decimal(38, 18) as residual_effective "
        "from source group by all",
    }
    for name, text in own.items():
        desk.write(f"connectors/own/{name}", text)
    desk.sources("name: bill, type: own, path: a.csv")
    desk.write("a.csv", "cost,day,labels\n1,2026-05-01,\n2,2026-05-02,\n")
    told = desk.refusal()
    hint = (
        "\n    the former load stays; charges.sql and control.sql of the pack own must add up to "
        "the same"
    )
    assert told == [
        "costlens.yaml:3: charges of 2026-05 in USD: the source has rows 2, loaded would be 1"
        + hint,
        "costlens.yaml:3: charges of 2026-05 in USD: the source has billed 3.000000000000000000, "
        f"loaded would be 2.000000000000000000{hint}",
        "costlens.yaml:3: charges of 2026-05 in USD: the source has effective "
        f"3.000000000000000000, loaded would be 2.000000000000000000{hint}",
    ]


def test_a_jsonl_of_runs_is_read_like_a_csv(desk: Desk) -> None:
    desk.sources("name: log, type: runs, path: runs.jsonl")
    desk.write(
        "runs.jsonl",
        '{"run_id": "r1", "pipeline": "p", "start": "2026-05-01T00:00:00Z", '
        '"features": ["a", "b"]}\n'
        '\n{"run_id": "r2", "pipeline": "p", "start": "2026-05-01", "tag_team": "x", "slots": 2}\n',
    )
    desk.load()
    assert desk.rows("select target from outputs order by 1") == [("feature:a",), ("feature:b",)]
    assert desk.rows("select tags, size from attempts where run = 'r2'") == [('{"team":"x"}', 2)]


def test_a_path_that_lost_its_files_is_an_error_and_not_an_empty_bill(desk: Desk) -> None:
    path = desk.write("bills/a.csv", HEADER + line("1"))
    desk.load()
    path.unlink()
    with pytest.raises(CostLensError, match='no file to read in "bills/"'):
        desk.load(day=2)
