"""`leadml export-sql`: the champion as one SQL query, for databases that score by themselves."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import print_json, print_lines
from leadml.operations.export_sql import FEATURES, export_query, write_query

app = typer.Typer()


class DialectName(StrEnum):
    """The databases that are spoken to."""

    postgres = "postgres"
    sqlite = "sqlite"
    duckdb = "duckdb"
    spark = "spark"


@app.command("export-sql")
def export_sql(
    dialect: Annotated[DialectName, typer.Option(help="The database it is written for.")],
    config: Config = Path("leadml.toml"),
    table: Annotated[
        str | None,
        typer.Option(
            help="The table of features, one row per lead: columns named as features are, ids in lead_id. "
            f"By default the table of leads where leads have no dates, else {FEATURES}."
        ),
    ] = None,
    view: Annotated[str | None, typer.Option(help="Make it a view of this name.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it.")] = None,
    reasons: Annotated[int, typer.Option(min=0, max=20, help="Reasons for and against, at the most.")] = 3,
    json: Json = False,
) -> None:
    """Write the champion as one SQL query: scores, grades, stages and reasons, worked out by the database itself."""
    query = export_query(project_of(config), dialect.value, table=table, view=view, reasons=reasons)
    if out is not None:
        write_query(query, out)
    if json:
        print_json({"dialect": dialect.value, "out": out} | ({} if out else {"sql": query}))
    elif out is not None:
        lines = query.count("\n")
        print_lines(f"{out}: {lines:,} lines of SQL. Its head says which table it reads and what it leaves out.")
    else:
        sys.stdout.write(query)
