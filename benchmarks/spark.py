"""What features and scores cost on Spark, beside the same code without it, on a company made by a known law.

    python -m benchmarks.spark [--leads N] [--cores N]

A company of 3,000 leads trains the scorer; another one, of N leads, lies in Parquet files as a lake would hold it, and
every lead of it that ever was is made into features and scored. Nothing is written: Spark's "noop" takes all rows.
"Clock" are seconds as they pass, "cores" those that all cores have worked (Java and Python); "shuffled" is what Spark
wrote to disk in order to bring accounts together. A third of the company is measured first: what grows linearly costs
the same per million in both.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

import leadml
from leadml.config import load_settings
from leadml.demo import write_company
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.operations.spark import Features, features, score
from leadml.operations.train import run_training
from leadml.predict import load_scorer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

AS_OF = datetime(2025, 12, 1)  # noqa: DTZ001 (UTC; a month before the demo company ends)
TABLES = ("leads", "activities", "field_history")


@contextmanager
def local_spark(folder: Path, cores: int = 2, java: str = "", **settings: str) -> Iterator[SparkSession]:
    """A Spark within this machine, which nobody outside of it can reach; what it writes goes to the folder.

    `java` are options of the Java machine, `settings` those of Spark.
    """
    from pyspark.sql import SparkSession

    here = {
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(Path(leadml.__file__).parent.parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    before = {name: os.environ.get(name) for name in here}
    os.environ.update(here)
    builder = SparkSession.builder.master(f"local[{cores}]").appName("leadml")
    given = {
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder} {java}",
        "spark.driver.memory": "2g",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    for key, value in (given | settings).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    gateway: Any = session.sparkContext._gateway
    try:
        yield session
    finally:
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()  # Java ends when nobody speaks to it any more
        gateway.proc.wait(30)
        for name, was in before.items():
            os.environ.pop(name) if was is None else os.environ.update({name: was})


def company(folder: Path, leads: int, seed: int) -> Project:
    """A demo company as its own project in a folder."""
    folder.mkdir()
    database, config = folder / "company.sqlite", folder / "leadml.toml"
    write_company(database, leads=leads, seed=seed)
    write_settings(propose(f"sqlite:///{database}"), config)
    return Project(load_settings(config))


def trained(folder: Path) -> tuple[Path, Path]:
    """The bundle and the leadml.toml of a small company."""
    project = company(folder, 3000, seed=0)
    run_training(project, now=datetime.now(UTC), progress=lambda _: None)
    return next(project.models.glob("*.leadml")), folder / "leadml.toml"


def lake(project: Project, folder: Path) -> None:
    """The tables of a company as folders of Parquet files."""
    for name in TABLES:
        (folder / name).mkdir(parents=True)
        for number, batch in enumerate(project.source.stream(name)):
            pq.write_table(pa.Table.from_batches([batch]), folder / name / f"{number:05d}.parquet")


def made(spark: SparkSession, folder: Path, bundle: Path, config: Path) -> Features:
    """The features of every lead of a lake."""
    leads, activities, history = (spark.read.parquet(str(folder / name)) for name in TABLES)
    return features(leads, bundle, config=config, as_of=AS_OF, activities=activities, history=history, open_only=False)


@dataclass(frozen=True)
class Cost:
    """What a step takes: rows that went in, seconds on the clock, seconds of all cores' work, and bytes shuffled."""

    step: str
    rows: int
    seconds: float
    core_seconds: float
    shuffled: int = 0

    def line(self) -> str:
        """One line of the table; all but the first two columns are per million rows."""
        million = 1e6 / self.rows
        shuffled = f"{self.shuffled * million / 2**20:,.0f} MiB" if self.shuffled else "-"
        return (
            f"{self.step:<34}{self.rows:>11,}{self.seconds * million:>11.1f} s{self.core_seconds * million:>11.1f} s"
            f"{shuffled:>12}"
        )


def costs(spark: SparkSession, folder: Path, bundle: Path, config: Path) -> Iterator[Cost]:
    """What each step costs on one lake."""
    context: Any = spark.sparkContext
    store, java = context._jsc.sc().statusStore(), context._gateway.proc.pid

    def measured(step: str, rows: int, work: Callable[[], DataFrame]) -> Cost:
        shuffled, worked, start = _shuffled(store), _worked(java), time.perf_counter()
        work().write.format("noop").mode("overwrite").save()
        return Cost(step, rows, time.perf_counter() - start, _worked(java) - worked, _shuffled(store) - shuffled)

    events = sum(pq.ParquetDataset(folder / name).read(columns=["lead_id"]).num_rows for name in TABLES[1:])
    yield measured("features, by activity", events, lambda: made(spark, folder, bundle, config).rows)
    known = str(folder / "features")
    made(spark, folder, bundle, config).rows.write.parquet(known)
    rows = spark.read.parquet(known)
    leads = rows.count()
    yield measured("read features, by lead", leads, lambda: rows)
    yield measured("read and score, by lead", leads, lambda: score(rows, bundle, id_column="lead_id", as_of=AS_OF))
    yield _alone(pq.read_table(known), bundle)


def _alone(rows: pa.Table, bundle: Path) -> Cost:
    """The same scorer on the same rows in this process."""
    scorer = load_scorer(bundle)
    worked, start = time.process_time(), time.perf_counter()
    scorer.score(rows, id_column="lead_id", as_of=AS_OF)
    return Cost("score without Spark, by lead", len(rows), time.perf_counter() - start, time.process_time() - worked)


def _shuffled(store: Any) -> int:
    executors = store.executorList(False)
    return sum(int(executors.apply(number).totalShuffleWrite()) for number in range(executors.size()))


def _worked(process: int) -> float:
    """Seconds that all cores have worked for a process and those that it started (Linux)."""
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, fields = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[number], ticks[number] = int(fields[1]), sum(map(int, fields[11:15]))
    family = {process}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(number, 0) for number in family) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=300_000)
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle, config = trained(folder / "trained")
        sizes = (asked.leads // 3, asked.leads)
        for size in sizes:
            lake(company(folder / f"of {size}", size, seed=1), folder / str(size))
        print(f"{'per million rows':<34}{'rows':>11}{'clock':>13}{'cores':>13}{'shuffled':>12}")
        with local_spark(folder, asked.cores) as spark:
            list(costs(spark, _warm(folder, sizes[0]), bundle, config))
            for size in sizes:
                for cost in costs(spark, folder / str(size), bundle, config):
                    print(cost.line(), flush=True)


def _warm(folder: Path, size: int) -> Path:
    """A link to a lake, that costs are measured on once before they count: Java compiles while it runs."""
    warm = folder / "warm"
    warm.mkdir()
    for name in TABLES:
        (warm / name).symlink_to(folder / str(size) / name)
    return warm


if __name__ == "__main__":
    main()
