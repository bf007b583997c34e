"""Fairness as the page says it: who is selected, whether scores keep their word, and what stands in for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml.charts import plain
from leadml.report.formats import UNKNOWN, count, factor, number, percent, records, triple

_VERDICTS = {
    "breached": "below four fifths",
    "kept": "four fifths or more",
    "cannot be told": "cannot be told",
    "highest rate": "highest rate",
}


@dataclass(frozen=True)
class Figure:
    """A figure with its interval ("" without one), and how it is to be read ("" where nothing is to be said)."""

    value: str
    interval: str
    verdict: str = ""


@dataclass(frozen=True)
class Group:
    """One group as printed."""

    name: str
    leads: str
    mql: Figure
    mql_ratio: Figure
    sql: Figure
    sql_ratio: Figure
    predicted: str
    observed: Figure
    precision: Figure
    recall: Figure


@dataclass(frozen=True)
class Proxy:
    """One feature that tells the group of a lead: how much of it, how far it moves the score and the groups apart."""

    label: str
    tells: str
    moves: str
    between: str
    named: bool


@dataclass(frozen=True)
class Sensitive:
    """What is said of one sensitive column; `cannot` says why groups are not compared ("" where they are)."""

    label: str
    known: str
    verdicts: list[str]
    groups: list[Group]
    proxies: list[Proxy]
    about_proxies: str
    cannot: str


def sections(facts: Mapping[str, Any]) -> list[Sensitive]:
    """What is said of each sensitive column, none where the facts name none."""
    return [_sensitive(entry) for entry in records(facts.get("fairness"))]


def _sensitive(entry: Mapping[str, Any]) -> Sensitive:
    label = plain(entry.get("label", ""), 60)
    groups = records(entry.get("groups"))
    sql = {plain(row.get("group", ""), 60): row for row in records(entry.get("sql"))}
    features = records(entry.get("features"))
    return Sensitive(
        label=label,
        known=_known(entry),
        verdicts=[*_four_fifths("MQL", groups), *_four_fifths("SQL", list(sql.values())), *_calibration(groups)],
        groups=[_group(row, sql.get(plain(row.get("group", ""), 60), {})) for row in groups],
        proxies=[_proxy(row) for row in features],
        about_proxies=_about_proxies(label, features, entry.get("score_tells")),
        cannot=plain(entry.get("why") or "", 200),
    )


def _known(entry: Mapping[str, Any]) -> str:
    said = f"{count(entry.get('known'))} of {count(entry.get('leads'))} judged leads have a value"
    pooled = number(entry.get("pooled")) or 0
    return f"{said}; groups too small for figures of their own, taken together: {count(pooled)}" if pooled else said


def _group(row: Mapping[str, Any], sql: Mapping[str, Any]) -> Group:
    return Group(
        name=plain(row.get("group", UNKNOWN), 60),
        leads=count(row.get("leads")),
        mql=_figure(row.get("selected")),
        mql_ratio=_figure(row.get("ratio"), _VERDICTS.get(str(row.get("four_fifths")), "")),
        sql=_figure(sql.get("selected")),
        sql_ratio=_figure(sql.get("ratio"), _VERDICTS.get(str(sql.get("four_fifths")), "")),
        predicted=percent(row.get("predicted")),
        observed=_figure(row.get("observed"), plain(row.get("calibrated") or "", 30)),
        precision=_figure(row.get("precision")),
        recall=_figure(row.get("recall")),
    )


def _proxy(row: Mapping[str, Any]) -> Proxy:
    return Proxy(
        label=plain(row.get("label", UNKNOWN), 80),
        tells=percent(row.get("tells")),
        moves=factor(row.get("moves")),
        between=factor(row.get("between")),
        named=row.get("named") is True,
    )


def _figure(value: object, verdict: str = "") -> Figure:
    middle, low, high = triple(value)
    between = "" if low is None or high is None else f"{percent(low)} to {percent(high)}"
    return Figure(percent(middle), between, verdict)


def _four_fifths(stage: str, rows: list[Mapping[str, Any]]) -> list[str]:
    """The four-fifths rule at one stage, in a sentence."""
    best = [row for row in rows if row.get("four_fifths") == "highest rate"]
    if not best:
        return []
    told = [f"{stage}: {plain(best[0].get('group', ''), 60)} has the highest selection rate."]
    for verdict, words in (
        ("breached", "selected at less than four fifths of that rate"),
        ("cannot be told", "whether four fifths of it are reached cannot be told, the interval lies on both sides"),
    ):
        names = [plain(row.get("group", ""), 60) for row in rows if row.get("four_fifths") == verdict]
        if names:
            told.append(f"{', '.join(names)}: {words}.")
    if len(told) == 1:
        told.append("Every other group is selected at four fifths of it or more.")
    return [" ".join(told)]


def _calibration(rows: list[Mapping[str, Any]]) -> list[str]:
    told = []
    for verdict in ("lower than predicted", "higher than predicted"):
        names = [plain(row.get("group", ""), 60) for row in rows if row.get("calibrated") == verdict]
        if names:
            told.append(f"Won {verdict}: {', '.join(names)}.")
    judged = any(row.get("calibrated") for row in rows)
    return told or (["No group is shown to be won more or less than predicted."] if judged else [])


def _about_proxies(label: str, features: list[Mapping[str, Any]], score_tells: object) -> str:
    tells = number(score_tells)
    if tells is None:
        return ""
    named = [plain(row.get("label", ""), 80) for row in features if row.get("named") is True]
    score = f"The score itself tells {percent(tells)} of it."
    if not named:
        return f"No feature both tells {label} and moves the score. {score}"
    return f"These tell {label} and move the score: {', '.join(named[:10])}. {score}"
