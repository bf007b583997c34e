"""`leadml init`: look at a stranger's leads, guess what everything means, and write it down to be checked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa

from leadml.config import dotted, parse_settings
from leadml.errors import ConfigError
from leadml.operations.guess.attributes import (
    find_answers,
    find_engagement,
    find_ids,
    find_missing_values,
    find_personal,
)
from leadml.operations.guess.evidence import Candidate, Guess, Suggestion, confidence_of
from leadml.operations.guess.hindsight import find_hindsight
from leadml.operations.guess.outcome import find_outcome, outcome_guesses
from leadml.operations.guess.profile import Profile
from leadml.operations.guess.roles import find_order, find_roles
from leadml.operations.guess.rulebooks import (
    find_rule_activities,
    find_rule_attributes,
    find_same_answers,
    find_segments,
)
from leadml.operations.guess.tables import Profiles, find_activities, find_history, find_leads
from leadml.operations.guess.written import written
from leadml.replacing import replacing
from leadml.sources import Source, masked, open_source, sniff_csv
from leadml.sources.files import FileSource

__all__ = ["Guess", "Proposal", "Suggestion", "guess_tables", "propose", "write_settings"]

_ROWS_LOOKED_AT = 50_000
_BANT = {"budget", "authority", "need", "timeline"}


@dataclass(frozen=True)
class Proposal:
    """What leadml takes a source to be: a guess per key of leadml.toml ("leads.created_at"), in that file's terms.

    `suggestions` are columns that may have been filled in after the outcome; they are written as comments, because
    only a person can know.
    """

    url: str
    guesses: Mapping[str, Guess]
    suggestions: tuple[Suggestion, ...]


def propose(
    url: str, *, leads_table: str | None = None, outcome: str | None = None, won: Sequence[str] = ()
) -> Proposal:
    """Look at the first rows of every table of a source and guess what they mean.

    `url` is a database, a CSV or Parquet file or a folder of them, as `source.url` takes it, relative to the working
    directory. `leads_table`, `outcome` and `won` state the lead table, the outcome column and its values for won where
    guessing fails.

    Raises:
        SourceError: the source cannot be read.
        ConfigError: the lead table or the outcome cannot be guessed; the message says how to state them.
    """
    source = open_source(url)
    samples = {table: _sample(source, table) for table in source.tables()}
    guesses, suggestions = guess_tables(samples, leads_table=leads_table, outcome=outcome, won=won)
    remote = url.partition("://")[0].lower() in ("postgresql", "postgres")
    path = Path(urlsplit(url).path if remote else re.sub(r"^(?i:sqlite|duckdb):///", "", url))
    if isinstance(source, FileSource) and not path.is_dir():
        del guesses["leads.table"]
        guesses["output.scores"] = Guess(f"lead_scores{_suffix(path)}", "sure", "a file beside the leads")
    return Proposal(
        url,
        {"project.name": _name(path), "source.url": Guess(masked(url) if remote else url, "sure", "you said so")}
        | ({} if remote else _dialect(path, list(samples)))
        | guesses,
        tuple(suggestions),
    )


def guess_tables(
    samples: Mapping[str, pa.Table],
    *,
    leads_table: str | None = None,
    outcome: str | None = None,
    won: Sequence[str] = (),
) -> tuple[dict[str, Guess], list[Suggestion]]:
    """Guess what the tables of a source and their columns mean, from some rows of each.

    Raises:
        ConfigError: as for `propose`.
    """
    tables = {
        table: {name: Profile.of(name, sample[name]) for name in sample.column_names}
        for table, sample in samples.items()
    }
    leads_name, leads_guess = find_leads(tables, leads_table)
    leads = tables.pop(leads_name)
    if not any(profile.rows for profile in leads.values()):
        raise ConfigError(f"the table {leads_name!r} has no rows; bring one row per lead, some won and some lost")
    best = find_outcome(leads, outcome, won)
    roles = find_roles(leads, {best.column})
    timed = "created_at" in roles and "closed_at" in roles
    guesses = {"leads.table": leads_guess} | outcome_guesses(best, leads[best.column], timed)
    guesses |= {f"leads.{role}": candidate.guess() for role, candidate in roles.items()}
    taken = {best.column, *(candidate.column for candidate in roles.values())}
    guesses |= _guess_attributes(leads, taken, dated="created_at" in roles)
    if {"id", "created_at"} <= set(roles):
        guesses |= _guess_related(tables, leads[roles["id"].column])
    if "direction" in roles:
        guesses |= find_segments(leads[roles["direction"].column])
    in_time = _kept_in_history(tables, guesses)
    open_to_doubt = [p for p in leads.values() if p.name not in taken | in_time]
    return guesses, find_hindsight(open_to_doubt, best, leads[best.column].texts)


def _guess_attributes(leads: Profiles, taken: set[str], *, dated: bool) -> dict[str, Guess]:
    """Guess what the columns without a role are; adds to `taken` those that are spoken for."""
    guesses: dict[str, Guess] = {}
    order = None if dated else find_order(leads, taken)
    if order:
        guesses["leads.order_by"] = order.guess()
        taken.add(order.column)
    missing = find_missing_values(leads.values())
    if missing:
        guesses["leads.missing_values"] = missing
    for key, find in (("leads.personal", find_personal), ("leads.exclude", find_ids)):
        found = find(p for p in leads.values() if p.name not in taken)
        if found:
            guesses[key] = _together(found)
            taken |= {candidate.column for candidate in found}
    answers = find_answers(p for p in leads.values() if p.name not in taken)
    guesses |= {f"leads.answers.{question}": found.guess() for question, found in answers.items()}
    guesses |= find_same_answers(answers)
    taken |= {candidate.column for candidate in answers.values()}
    if answers.keys() & _BANT:
        guesses["rules.preset"] = Guess("bant", "likely", f"there are answers to {', '.join(answers)}")
    guesses |= find_rule_attributes(p for p in leads.values() if p.name not in taken)
    engaged = find_engagement(p for p in leads.values() if p.name not in taken)
    return guesses | {
        f"leads.groups.{dotted([found.column])}": Guess("engagement", "likely", found.evidence) for found in engaged
    }


def _guess_related(tables: Mapping[str, Profiles], ids: Profile) -> dict[str, Guess]:
    history = find_history(tables, ids)
    taken = history["history.table"].value if history else None
    activities = find_activities({name: p for name, p in tables.items() if name != taken}, ids)
    if activities:
        types = tables[str(activities["activities.table"].value)][str(activities["activities.type"].value)]
        activities |= find_rule_activities(types)
    return activities | history


def _kept_in_history(tables: Mapping[str, Profiles], guesses: Mapping[str, Guess]) -> set[str]:
    """Name the columns whose past is known: a snapshot reads them as they were, so hindsight cannot reach them."""
    if "history.table" not in guesses:
        return set()
    profiles = tables[str(guesses["history.table"].value)]
    return set(profiles[str(guesses["history.field"].value)].levels)


def _together(found: Sequence[Candidate]) -> Guess:
    evidence = "; ".join(f"{candidate.column}: {candidate.evidence}" for candidate in found)
    weight = min(candidate.weight for candidate in found)
    return Guess([candidate.column for candidate in found], confidence_of(weight), evidence)


def _sample(source: Source, table: str) -> pa.Table:
    batches, rows = [], 0
    # A row that cannot be read is no evidence; training counts it and keeps it in the rejects.
    for batch in source.stream(table, on_bad_row=lambda bad: None):
        batches.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS_LOOKED_AT:
            break
    columns = list(source.columns(table))
    return pa.Table.from_batches(batches) if batches else pa.table({name: pa.nulls(0) for name in columns})


def _suffix(path: Path) -> str:
    return ".parquet" if path.suffix.lower() in (".parquet", ".pq") else ".csv"


def _name(path: Path) -> Guess:
    name = re.sub(r"[^\w.-]+", "-", path.resolve().name.split(".")[0]).strip("-.")
    return Guess(name or "leads", "sure", "after the source; call it what you like")


def _dialect(path: Path, tables: Sequence[str]) -> dict[str, Guess]:
    """Guess how CSV files are written; several that differ are left to be found out one by one."""
    files = [path / table for table in tables] if path.is_dir() else [path]
    texts = [file for file in files if file.is_file() and re.search(r"\.(csv|tsv|txt)(\.gz)?$", file.name.lower())]
    dialects = {(found.delimiter, found.encoding, found.assumed) for found in map(sniff_csv, texts)}
    if len(dialects) != 1:
        return {}
    ((delimiter, encoding, assumed),) = dialects
    return {
        "source.delimiter": Guess(delimiter, "sure", "it cuts the rows into equally many fields"),
        "source.encoding": Guess(encoding, "unsure" if assumed else "sure", _why_encoding(encoding, assumed)),
    }


def _why_encoding(encoding: str, assumed: bool) -> str:
    if assumed:
        return "it is not UTF-8, and most files that are not are this"
    return "all of it can be read so" if encoding == "utf-8" else "the first bytes say so"


def write_settings(proposal: Proposal, path: Path, *, force: bool = False) -> None:
    """Write a proposal as a commented leadml.toml, whole or not at all.

    Raises:
        ConfigError: the file is there already and `force` is not given, or the folder cannot be written.
    """
    if path.exists() and not force:
        raise ConfigError(f"{path}: is there already; add --force to replace it, or name another file")
    text = written(_seen_from(path.absolute().parent, proposal.url), proposal.guesses, proposal.suggestions)
    parse_settings(text, path=path)
    try:
        with replacing(path) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as refused:
        raise ConfigError(f"{path}: cannot be written: {refused.strerror}; choose another folder") from refused


def _seen_from(folder: Path, url: str) -> str:
    """Paths in leadml.toml are relative to its folder, those on the command line to the working directory."""
    scheme, mark, rest = url.rpartition(":///")
    if Path(rest).is_absolute() or "://" in rest or scheme.lower() in ("postgresql", "postgres"):
        return url
    seen = os.path.relpath(Path(rest).absolute(), folder)
    return scheme + mark + Path(seen).as_posix() + ("/" if rest.endswith("/") else "")
