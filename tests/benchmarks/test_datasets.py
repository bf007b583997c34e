from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.datasets import PUBLIC, load_set, load_sets
from leadml.errors import ConfigError

HEAD = 'name = "mine"\npath = "mine.csv"\ntarget = "Status"\nwon = ["Won"]\n'
RANDOM = "[split]\nrandom = 0.2\nseeds = [0]\n"


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        load_set(file)
    lines = str(wrong.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_the_public_sets_follow_the_protocol() -> None:
    sets = load_sets([PUBLIC])
    assert list(sets) == ["bank", "bank_random", "salvirt", "xeducation"]
    assert sets["salvirt"].split.model_dump(exclude_none=True) == {"patterns": 0.25, "seeds": (0, 1, 2)}
    assert sets["bank_random"].split.model_dump(exclude_none=True) == {"random": 0.2, "seeds": (0,)}
    assert sets["bank"].ordered
    assert sets["bank"].drop == sets["bank_random"].drop == ("duration",)
    assert sets["xeducation"].time == "Lead Number"
    assert len(sets["xeducation"].drop) == 16
    assert all(sets[name].split.newest == 0.2 for name in ("bank", "xeducation"))


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    text = (
        'name = "a b"\npath = ""\nwon = []\nseparator = ";;"\nordered = 1\ncolour = 3\n[split]\nrandom = 1\nold = 2\n'
    )
    assert problems(tmp_path, text) == [
        "name: must be a text of letters, digits, dots, - and _, got 'a b'",
        "path: must be a text in quotes, got ''",
        "separator: must be one character, got ';;'",
        "target: is missing; give the name of a column, in quotes",
        'won: must be a list such as ["Won"], got []',
        "ordered: must be true or false, got 1",
        "split.random: must be a number between 0 and 1: the share that tests, got 1",
        "split.old: is no key of a data set; there are newest, random, patterns, seeds",
        "colour: is no key of a data set; there are name, path, separator, target, won, time, ordered, drop, missing, "
        "split",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[split]\n", "split: must have exactly one of newest, random, patterns, got none"),
        (
            "[split]\nrandom = 0.2\npatterns = 0.2\nseeds = [1]\n",
            "split: must have exactly one of newest, random, patterns, got random and patterns",
        ),
        ("[split]\nnewest = 0.2\n", "split.newest: needs the order of the rows: give time = COLUMN, or ordered = true"),
        (
            "[split]\npatterns = 0.2\n",
            "split.seeds: is missing beside patterns; give a list of whole numbers, such as [0, 1, 2]",
        ),
        ("ordered = true\n[split]\nnewest = 0.2\nseeds = [1]\n", "split.seeds: means nothing beside newest; remove it"),
        (
            'ordered = true\ntime = "created"\n' + RANDOM,
            "ordered: says that the file is in order already; remove it, or time",
        ),
        ('drop = ["Status"]\n' + RANDOM, "target: 'Status' cannot be dropped, nor be the time"),
        ("", "split: is missing; give a section [split] with newest, random or patterns"),
        (
            "[split]\nrandom = 0.2\nseeds = [0, -1]\n",
            "split.seeds: must be a list of whole numbers, such as [0, 1, 2], got -1",
        ),
    ],
)
def test_what_cannot_be_split_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, HEAD + text) == [problem]


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, "name = \n")[0].startswith("is not valid TOML: ")


def test_outcomes_may_be_stated_as_numbers(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(HEAD.replace('["Won"]', "[1]") + RANDOM, encoding="utf-8")
    assert load_set(file).won == ("1",)


def test_a_name_can_be_given_once(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(HEAD.replace("mine", "bank", 1) + RANDOM, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: name = 'bank': is taken by .*bank\.toml; choose another"):
        load_sets([PUBLIC, tmp_path])


def test_a_folder_without_descriptions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no data set; put one TOML file per set into that folder"):
        load_sets([tmp_path])
