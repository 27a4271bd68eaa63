"""Measure a refresh of a large month against bare DuckDB over the same files.

    python bench/refresh.py --lines 10000000 --runs 50000 --features 5000 --models 300 --products 200 --stages 500

Prints seconds, ratios and peak memory. Each measured thing is a process of its own:
refresh      the whole command on a fresh lake
bare_split   DuckDB alone: scan, join runs by the hour, split exactly, roll up by day; nothing stored
bare_copy    DuckDB alone: `copy` of the columns that the lake keeps
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).parent


def connect() -> "duckdb.DuckDBPyConnection":
    import duckdb

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    return con


def make_data(folder: Path, size: argparse.Namespace) -> None:
    """Make a month of FOCUS lines, a run log, and a catalogue, once per size."""
    marker = folder / "made.json"
    wanted = json.dumps(vars(size), default=str, sort_keys=True)
    if marker.exists() and marker.read_text() == wanted:
        return
    (folder / "catalog").mkdir(parents=True, exist_ok=True)
    (folder / "bill").mkdir(exist_ok=True)
    con = connect()
    # 20,000 resources an hour: one line in ten belongs to one of 50 clusters, the rest is other use.
    con.execute(
        """
        copy (
            with lines as (
                select
                    i,
                    i % 20000 as resource,
                    timestamp '2026-05-01' + to_hours(((i // 20000) % 744)::int) as start,
                    (1 + hash(i) % 900000)::decimal(18, 0) * 0.00000137::decimal(12, 8) as cost
                from range($lines) as t (i)
            )
            select
                cost as BilledCost, cost as EffectiveCost, cost as ListCost, cost as ContractedCost,
                'USD' as BillingCurrency,
                '111122223333' as BillingAccountId, 'Acme' as BillingAccountName,
                (444455550000 + resource % 20)::varchar as SubAccountId,
                'account ' || resource % 20 as SubAccountName,
                timestamp '2026-05-01' as BillingPeriodStart,
                timestamp '2026-06-01' as BillingPeriodEnd,
                start as ChargePeriodStart, start + interval 1 hour as ChargePeriodEnd,
                'Usage' as ChargeCategory, null::varchar as ChargeClass,
                'usage of ' || resource % 500 as ChargeDescription,
                'Usage-Based' as ChargeFrequency,
                'AWS' as ProviderName, 'AWS' as PublisherName, 'AWS' as InvoiceIssuerName,
                'INV-1' as InvoiceId,
                'Service ' || resource % 15 as ServiceName, 'Compute' as ServiceCategory,
                'eu-west-' || resource % 3 as RegionId,
                case
                    when resource % 10 = 0 then 'arn:aws:emr:cluster/j-' || (resource // 10) % 50
                    else 'arn:aws:ec2:instance/i-' || md5(resource::varchar)
                end as ResourceId,
                null::varchar as ResourceName, 'Instance' as ResourceType,
                'SKU' || resource % 500 as SkuId, 'Box' || resource % 40 as SkuMeter,
                'Standard' as PricingCategory,
                1::decimal(18, 6) as ConsumedQuantity, 'Hours' as ConsumedUnit,
                null::varchar as CommitmentDiscountId, null::varchar as CommitmentDiscountStatus,
                case
                    when resource % 10 = 1
                        then '{"component":"stage-' || (resource // 10) % $stages || '","team":"t'
                            || resource % 30 || '"}'
                    else '{"team":"t' || resource % 30 || '"}'
                end as Tags
            from lines
        ) to '$file' (format parquet, compression snappy)
        """.replace("$lines", str(size.lines))
        .replace("$stages", str(size.stages))
        .replace("$file", str(folder / "bill" / "focus.parquet"))
    )
    con.execute(
        """
        copy (
            select
                'run-' || i as run_id,
                'pipeline_' || i % 200 as pipeline,
                'part-' || p as part,
                'f' || ((i % 200) * 25 + p * 6 + k) % $features as feature,
                timestamp '2026-05-01' + to_minutes((hash(i) % 43000)::int) + to_minutes((p * 20)::int) as start,
                timestamp '2026-05-01' + to_minutes((hash(i) % 43000)::int) + to_minutes((p * 20 + 25)::int) as "end",
                case when hash(i, p) % 40 = 0 then 'failed' else 'success' end as status,
                1 as attempt,
                'j-' || i % 50 as resource_id,
                4 as slots,
                (1 + hash(i, p, k) % 1000) as rows_out
            from range($runs) as r (i), range(4) as q (p), range(6) as o (k)
        ) to '$file' (format parquet)
        """.replace("$runs", str(size.runs))
        .replace("$features", str(size.features))
        .replace("$file", str(folder / "runs.parquet"))
    )
    (folder / "costlens.yaml").write_text(
        "version: 1\nsources:\n  - {name: bill, type: focus, path: bill/}\n"
        "  - {name: runs, type: runs, path: runs.parquet}\n"
    )
    (folder / "catalog" / "all.yaml").write_text(catalogue(size))
    marker.write_text(wanted)


def catalogue(size: argparse.Namespace) -> str:
    """Write the catalogue: clusters, pipelines, broad stages, features, models, products."""
    out = ["resources:"]
    out += [
        f"  - {{name: cluster_{n}, billed_by: [{{resource_id: '*:cluster/j-{n}'}}],"
        f" capacity: {{slots: 4000}}}}"
        for n in range(50)
    ]
    out.append("pipelines:")
    out += [f"  - {{name: pipeline_{n}}}" for n in range(200)]
    out.append("stages:")
    for n in range(size.stages):
        # Every pipeline makes 25 features, so 40 of them are 1,000 features.
        fed = sorted({(n + k * (1 + 2 * (n % 3))) % 200 for k in range(size.reach // 25)})
        feeds = ", ".join(f"{{pipeline: pipeline_{p}}}" for p in fed)
        out.append(f"  - name: stage_{n}")
        out.append(f"    billed_by: [{{tags: {{component: stage-{n}}}}}]")
        out.append(f"    feeds: [{feeds}]")
    out.append("features:")
    out += [f"  - {{name: f{n}, pipeline: pipeline_{n // 25 % 200}}}" for n in range(size.features)]
    out.append("models:")
    for n in range(size.models):
        used = sorted({(n * 31 + k * 257) % size.features for k in range(40)})
        uses = ", ".join(f"{{feature: f{f}}}" for f in used)
        out.append(f"  - {{name: m{n}, uses: [{uses}]}}")
    out.append("products:")
    for n in range(size.products):
        used = sorted({(n * 3 + k * 7) % size.models for k in range(3)})
        uses = ", ".join(f"{{model: m{m}}}" for m in used)
        out.append(f"  - {{name: p{n}, uses: [{uses}]}}")
    return "\n".join(out) + "\n"


def bare_split(folder: Path) -> None:
    """Attribute the same bill by hand: sums per cluster-hour, split over runs, rolled up by day."""
    con = connect()
    con.execute(
        """
        create temp table sums as
        select
            split_part(ResourceId, '/', 2) as cluster,
            ChargePeriodStart as hour,
            ServiceName,
            json_extract_string(Tags, '$.component') as component,
            sum(BilledCost)::decimal(38, 12) as billed,
            sum(EffectiveCost)::decimal(38, 12) as effective
        from read_parquet($bill)
        group by all
        """,
        {"bill": str(folder / "bill" / "focus.parquet")},
    )
    con.execute(
        """
        create temp table work as
        with tries as (
            select distinct run_id, pipeline, part, start, "end" as stop, resource_id, slots
            from read_parquet($runs)
        ),
        hours as (
            select *, unnest(generate_series(date_trunc('hour', start), stop, interval 1 hour)) as hour
            from tries
        )
        select
            resource_id as cluster, hour, pipeline, part,
            sum(slots * greatest(0, epoch_us(least(stop, hour + interval 1 hour))
                - epoch_us(greatest(start, hour))))::hugeint as w
        from hours group by all
        """,
        {"runs": str(folder / "runs.parquet")},
    )
    con.execute(
        """
        create temp table parts as
        with joined as (
            select
                s.cluster, s.hour, s.ServiceName, w.pipeline, w.part,
                (s.billed * 1000000000000::decimal(13, 0))::hugeint as b,
                (s.effective * 1000000000000::decimal(13, 0))::hugeint as e,
                sum(w.w) over g as hi, sum(w.w) over (partition by s.cluster, s.hour, s.ServiceName) as total,
                w.w
            from sums as s inner join work as w on s.cluster = w.cluster and s.hour = w.hour
            where w.w > 0
            window g as (partition by s.cluster, s.hour, s.ServiceName order by w.pipeline, w.part
                rows unbounded preceding)
        )
        select
            hour::date as day, pipeline, part,
            sum(b * hi // total - b * (hi - w) // total) as billed,
            sum(e * hi // total - e * (hi - w) // total) as effective
        from joined group by all
        """
    )
    print(con.execute("select count(*) from parts").fetchall(), file=sys.stderr)


def bare_copy(folder: Path) -> None:
    """Copy the columns that the lake keeps."""
    from costlens.lake.tables import TABLES

    con = connect()
    bill = str(folder / "bill" / "focus.parquet")
    have = {row[0] for row in con.execute("describe from read_parquet($f)", {"f": bill}).fetchall()}
    columns = ", ".join(f'"{c}"' for c in TABLES["charges"].columns if c in have)
    out = folder / "copy.parquet"
    con.execute(
        f"copy (select {columns} from read_parquet('{bill}')) to '{out}' "
        "(format parquet, compression zstd, compression_level 1)"
    )
    out.unlink()


def timed(command: list[str], cwd: Path) -> tuple[float, float, float]:
    """Run a process; return its wall seconds, its CPU seconds and its peak memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, cwd=cwd)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    wall = time.perf_counter() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(folder: Path, size: argparse.Namespace) -> None:
    """Measure everything and print it."""
    bare = [sys.executable, str(Path(__file__).resolve()), "--folder", str(folder), "--only"]
    results: dict[str, tuple[float, ...]] = {
        "bare_split": timed([*bare, "bare_split"], folder),
        "bare_copy": timed([*bare, "bare_copy"], folder),
    }
    subprocess.run(["rm", "-rf", str(folder / "lake")], check=True)
    results["refresh"] = timed(["costlens", "refresh", "--config", str(folder)], folder)
    results["refresh, nothing new"] = timed(
        ["costlens", "refresh", "--config", str(folder)], folder
    )
    results["cost --by feature"] = timed(
        ["costlens", "cost", "--config", str(folder), "-o", str(folder / "cost.csv")], folder
    )
    # A feature on hundreds of broad stages, one line of a stage, and one of a cluster of many runs.
    out = ["--config", str(folder), "-o", str(folder / "answer.csv")]
    asked = {
        "explain": ["explain", "feature:f0"],
        "explain --lines": ["explain", "feature:f0", "--lines"],
        "explain model": ["explain", "model:m0"],
        "trace, of a stage": ["trace", "bill:2026-05:2"],
        "trace, of a cluster": ["trace", "bill:2026-05:11"],
        "coverage": ["coverage"],
        "sensitivity": ["sensitivity"],
    }
    for name, words in asked.items():
        results[name] = min(timed(["costlens", *words, *out], folder) for _ in range(3))
    results["--help"] = min(timed(["costlens", "--help"], folder) for _ in range(5))
    base = results["bare_split"][0] + results["bare_copy"][0]
    print(f"\n{size.lines:,} lines, {size.runs:,} runs, {size.features:,} features")
    for name, (seconds, cpu, peak) in results.items():
        ratio = f"{seconds / base:6.2f} x (split + copy)"
        print(f"{name:24} {seconds:8.2f} s  {cpu:8.2f} CPU s  {peak:8.0f} MiB  {ratio}")
    tables(folder)


def tables(folder: Path) -> None:
    """Print rows and bytes of each table."""
    from costlens.lake import TABLES, Lake

    lake = Lake(folder / "lake")
    build = lake.build()
    con = connect()
    lake.open(con, build)
    print(f"\n{'table':14} {'rows':>12} {'MiB':>9}")
    for table in TABLES:
        (rows,) = con.execute(f"select count(*) from {table}").fetchone()
        size = sum(file.stat().st_size for file in (folder / "lake" / table).rglob("*.parquet"))
        print(f"{table:14} {rows:12,} {size / 2**20:9.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=5_000)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--stages", type=int, default=500)
    parser.add_argument("--reach", type=int, default=1_000, help="features that each stage feeds")
    parser.add_argument("--folder", type=Path, default=HERE / "data")
    parser.add_argument("--only", choices=["bare_split", "bare_copy"])
    size = parser.parse_args()
    folder, only = size.folder.resolve(), size.only
    if only:
        {"bare_split": bare_split, "bare_copy": bare_copy}[only](folder)
        return
    del size.folder, size.only
    make_data(folder, size)
    measure(folder, size)
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
