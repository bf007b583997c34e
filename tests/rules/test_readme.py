"""The qualification page: what it shows can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import leadml.rules
from leadml.config import parse_settings
from leadml.predict.rules.rulebook_text import read_rulebook
from leadml.rules import preset_names

PAGE = Path(leadml.rules.__file__).with_name("README.md").read_text(encoding="utf-8")
SETTINGS = """
[project]
name = "x"
[source]
url = "leads.csv"
[leads]
outcome = "status"
won = ["won"]
lost = ["lost"]
"""
SOMETHING = '\n[[dimension]]\nname = "x"\n[[dimension.rule]]\nlabel = "x"\npoints = 1\nattribute = "x"\nknown = true\n'

KEYS = """
name about unanswered format answer question group evidence missing otherwise counts most_points least_points only
label points each one_of none_of at_least at_most known attribute account activity within_days after gap_days whose
per_day half_life_days lifespan_days and must stops tier gate
"""


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(title):
    return re.findall(r"```toml\n(.*?)```", section(title), re.DOTALL)


@pytest.mark.parametrize("block", blocks("Frameworks"))
def test_settings_on_the_page_are_settings(block):
    assert block.startswith("# leadml.toml\n")
    assert parse_settings(SETTINGS + block, path=Path("leadml.toml")).rules


@pytest.mark.parametrize("block", blocks("The rulebook language"))
def test_rulebooks_on_the_page_are_rulebooks(block):
    head = "" if "format = 1" in block else 'name = "x"\n'
    something = "" if "[[dimension]]" in block or "[[tier]]" in block else SOMETHING
    assert read_rulebook(head + block + something, "README.md").dimensions


def test_the_table_of_frameworks_has_every_preset():
    rows = [line for line in section("Frameworks").splitlines() if line.startswith("| ")]
    assert set(re.findall(r"`(\w+)`", "\n".join(rows))) == set(preset_names())


@pytest.mark.parametrize("key", KEYS.split())
def test_every_key_of_the_language_is_shown(key):
    examples = "\n".join(blocks("The rulebook language"))
    assert re.search(rf"(^|[\s{{.\[]){key}( = |\]\])", examples), key
