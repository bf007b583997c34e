"""Lifecycle files: the shipped one reads, and each fault has one precise message."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadml.errors import RulebookError
from leadml.lifecycle import STAGES, load_lifecycle, read_lifecycle

MQL = 'from = ["raw"]\nto = "MQL"\nby = "score"\ncutoff = "MQL"'
SAL = 'from = ["MQL"]\nto = "SAL"\nby = "person"\ndecision = "accept"'
SQL = 'from = ["SAL"]\nto = "SQL"\nby = "score"\ncutoff = "SQL"\nneeds = ["acceptance"]'
WON = 'from = ["SQL"]\nto = "won"\nby = "outcome"'
AWAY = 'from = ["MQL"]\nto = "disqualified"\nby = "person"\ndecision = "disqualify"'


def book(*transitions: str) -> str:
    return 'name = "Ours"\n' + "".join(f"[[transition]]\n{transition}\n" for transition in transitions)


def problems(text: str) -> list[str]:
    with pytest.raises(RulebookError) as refused:
        read_lifecycle(text, "life.toml")
    head, *lines = str(refused.value).splitlines()
    assert head == f"life.toml: {len(lines)} problem{'s' if len(lines) > 1 else ''}"
    return [line.removeprefix("  - ") for line in lines]


def test_the_shipped_lifecycle_leads_to_every_stage() -> None:
    lifecycle = load_lifecycle()
    assert {transition.to for transition in lifecycle.transitions} | {"raw"} == set(STAGES)


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "life.toml"
    path.write_text(book(MQL, SAL, SQL, WON), encoding="utf-8")
    lifecycle = load_lifecycle(path)
    assert [transition.to for transition in lifecycle.transitions] == ["MQL", "SAL", "SQL", "won"]
    assert lifecycle.ways("MQL") == {"accept": "SAL"}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"no.toml: the lifecycle cannot be read .*Check lifecycle.file"):
        load_lifecycle(tmp_path / "no.toml")


def test_broken_toml_is_refused_with_its_line() -> None:
    with pytest.raises(RulebookError, match=r"life.toml: not valid TOML: .*Mend that line"):
        read_lifecycle("name = ", "life.toml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            book(MQL.replace("raw", "rwa")),
            f"transition[1].from: must be one of {', '.join(STAGES)}, got 'rwa'",
        ),
        (
            book(MQL, SAL.replace("SAL", "Sales accepted")),
            f"transition[2].to: must be one of {', '.join(STAGES)}, got 'Sales accepted'",
        ),
        (book(MQL.replace('["raw"]', '"raw"')), "transition[1].from: must be a list of texts, got 'raw'"),
        (book(MQL.replace('["raw"]', "[]")), 'transition[1].from: names no stage; give a list such as ["raw"]'),
        (
            book(MQL.replace("score", "robot")),
            "transition[1].by: must be one of score, person, product, outcome, got 'robot'",
        ),
        (book(MQL.replace('cutoff = "MQL"', "")), "transition[1].cutoff: is missing: a text that is not empty"),
        (
            book(MQL + "\ndecision = 'accept'"),
            "transition[1].decision: unknown key; known keys: after_days, by, cutoff, from, hysteresis, "
            "minimum_stay_days, needs, to",
        ),
        (
            book(MQL + "\nhysterisis = 0.8"),
            "transition[1].hysterisis: unknown key; did you mean 'hysteresis'?",
        ),
        (
            book(MQL + "\nhysteresis = 1.2"),
            "transition[1].hysteresis: is 1.2; it is a share of the cutoff, from 0 to 1",
        ),
        (
            book(MQL + "\nminimum_stay_days = -7"),
            "transition[1].minimum_stay_days: is -7; it cannot be negative",
        ),
        (
            book(MQL, SAL.replace("accept", "welcome")),
            "transition[2].decision: must be one of accept, reject, recycle, disqualify, opportunity, got 'welcome'",
        ),
        (
            book('from = ["raw"]\nto = "PQL"\nby = "product"'),
            'transition[1].activities: names no type of activity; give a list such as ["trial_use"]',
        ),
        (
            book('from = ["raw"]\nto = "PQL"\nby = "product"\nactivities = ["trial"]\nwithin_days = 0'),
            "transition[1].within_days: is 0; give a number of days above 0",
        ),
        (
            book(MQL, SAL, SQL.replace("acceptance", "luck")),
            "transition[3].needs: must be one of acceptance, no gate, got 'luck'",
        ),
        (
            book(MQL, MQL.replace("raw", "MQL")),
            "transition[2].to: leads from 'MQL' to itself; take it out of `from`",
        ),
        (
            book(MQL, SAL, SQL, WON.replace("SQL", "SAL").replace("outcome", "person") + '\ndecision = "accept"'),
            "transition[4].by: 'won' is an outcome: only by = \"outcome\" leads there, got 'person'",
        ),
        (
            book(MQL, SAL, SQL, WON.replace("won", "opportunity")),
            "transition[4].to: an outcome makes a lead won or lost, never 'opportunity'",
        ),
        (
            book(MQL, AWAY, MQL.replace("raw", "disqualified")),
            "transition[3].from: a disqualified lead is never moved on automatically; let a person decide, and ask "
            'with propose = "MQL"',
        ),
        (
            book(MQL, SAL, SQL.replace('needs = ["acceptance"]', "")),
            "transition[3].to: an SQL needs a score past the SQL cutoff and a person's acceptance: by = \"score\", "
            'cutoff = "SQL", needs = ["acceptance"]',
        ),
        (
            book(MQL, MQL),
            "transition[2].from: transition[1] leads from 'raw' to 'MQL' by score already; keep one",
        ),
        (
            book(MQL, SAL, SAL.replace("SAL", "recycled")),
            "transition[3].from: transition[2] leads from 'MQL' on 'accept' by person already; keep one",
        ),
        (
            book(MQL + "\nhysteresis = 0.8", AWAY.replace("disqualified", "recycled"),
                 MQL.replace("raw", "recycled") + "\nhysteresis = 0.7"),
            "transition[3].hysteresis: transition[1] says already when a lead leaves 'MQL'; keep one",
        ),
        (
            book(MQL, SQL, WON),
            "transition[2].from: no lead can reach 'SAL': no transition leads there from 'raw'",
        ),
        ('name = "Ours"', "transition: is missing: one or more [[transition]] tables"),
        ('format = 2\n' + book(MQL), "format: is 2, but this version of leadml reads format 1"),
    ],
)  # fmt: skip
def test_each_fault_has_one_precise_message(text: str, problem: str) -> None:
    assert problems(text) == [problem]


CIRCLE = (
    "circular stage transitions: {}, all by score, so that leads would flap; the way back is `hysteresis` on the "
    "way up: take another way out, or let a person decide"
)


def test_scores_alone_cannot_lead_round_in_a_circle() -> None:
    back = MQL.replace("raw", "?").replace('to = "MQL"', 'to = "raw"').replace("?", "MQL")
    assert problems(book(MQL, back)) == ["transition: " + CIRCLE.format("raw -> MQL -> raw")]


def test_a_way_back_cannot_close_a_circle_with_another_way_up() -> None:
    step = 'from = ["MQL"]\nto = "PQL"\nby = "score"\ncutoff = "MQL"'
    leap = 'from = ["raw"]\nto = "PQL"\nby = "score"\ncutoff = "SQL"\nhysteresis = 0.5'
    assert problems(book(MQL, step, leap)) == ["transition[3].hysteresis: " + CIRCLE.format("PQL -> raw -> MQL -> PQL")]


def test_a_circle_that_a_person_closes_is_no_circle() -> None:
    again = 'from = ["MQL"]\nto = "recycled"\nby = "person"\ndecision = "reject"'
    assert read_lifecycle(book(MQL, again, MQL.replace("raw", "recycled")), "life.toml").name == "Ours"


def test_all_problems_of_a_file_are_said_at_once() -> None:
    text = book(MQL + "\nhysteresis = 2", SAL.replace("accept", "welcome"), "from = 3")
    assert [line.split(":")[0] for line in problems(text)] == [
        "transition[1].hysteresis",
        "transition[2].decision",
        "transition[3].from",
        "transition[3].by",
        "transition[3].to",
        "transition[3].cutoff",
    ]
