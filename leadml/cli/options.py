"""What every command takes, and the project that its configuration stands for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from leadml.config import load_settings
from leadml.operations.project import Project

Config = Annotated[Path, typer.Option("--config", "-c", help="The project's leadml.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(help="The moment (UTC) as of which leads are seen; by default right after the newest record."),
]


def project_of(config: Path) -> Project:
    """The project that a configuration file describes."""
    return Project(load_settings(config))
