"""A Spark of two cores in this machine; without pyspark or Java the tests that need it skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.spark import local_spark


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a Spark session that is made for few rows."""
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install 'leadml[spark]'")
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=None if home is None else str(Path(home) / "bin")):
        pytest.skip("Spark needs Java 17 or newer, which is not installed (Debian: openjdk-17-jre-headless)")
    few = {
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.session.timeZone": "America/New_York",  # whatever a cluster is set to, moments are UTC
    }
    java = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    with local_spark(tmp_path_factory.mktemp("spark"), java=java, **few) as session:
        yield session
