"""A Spark of two cores in this machine, which nobody outside of it can reach; without pyspark or Java tests skip."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import leadml

_QUIET = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
"""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a Spark session; what it leaves on disk goes with the test's folder."""
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install 'leadml[spark]'")
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=None if home is None else str(Path(home) / "bin")):
        pytest.skip("Spark needs Java 17 or newer, which is not installed (Debian: openjdk-17-jre-headless)")
    with pytest.MonkeyPatch.context() as patched:
        session = _started(tmp_path_factory.mktemp("spark"), patched)
        yield session
        gateway = session.sparkContext._gateway
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()  # the Java process ends when nobody speaks to it any more
        gateway.proc.wait(30)


def _started(folder: Path, patched: pytest.MonkeyPatch) -> Any:
    from pyspark.sql import SparkSession

    (folder / "log4j2.properties").write_text(_QUIET)
    patched.setenv("PYSPARK_PYTHON", sys.executable)
    patched.setenv("PYTHONPATH", str(Path(leadml.__file__).parent.parent))  # what is tested is what workers import
    patched.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'} "
        f"-Djava.io.tmpdir={folder} -Dderby.system.home={folder} -XX:TieredStopAtLevel=1",
        "spark.driver.memory": "2g",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": "America/New_York",  # whatever a cluster is set to, moments are UTC
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",  # so few rows need no second thoughts
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("leadml")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
