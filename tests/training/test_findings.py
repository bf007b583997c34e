import pytest

from leadml.errors import TrainingError
from leadml.training.findings import CODES, LEFT_OUT, Finding, columns_left_out, refuse_unready

CONSTANT = Finding("R104", "warning", "country", "Every lead has the same value.", "Nothing to do.")
PROVEN = Finding("L001", "error", "onboarding", "Filled only after closing.", "Exclude it.")
REFUSAL = Finding("R002", "error", None, "There are 4 leads.", "Wait.")


def test_every_code_that_leaves_a_column_out_says_so_in_its_title():
    assert {code for code, title in CODES.items() if "left out" in title} == LEFT_OUT


def test_every_code_has_a_kind():
    kinds = {code: Finding(code, "note", None, "", "").kind for code in CODES}
    assert {kind for code, kind in kinds.items() if code in LEFT_OUT} == {"proven", "readiness"}
    assert set(kinds.values()) == {"proven", "suspected", "settled", "refusal", "readiness"}


def test_columns_left_out_are_named_with_their_code():
    assert columns_left_out([CONSTANT, PROVEN, REFUSAL]) == {
        "country": "R104: Every lead has the same value.",
        "onboarding": "L001: Filled only after closing.",
    }


def test_only_readiness_errors_refuse_training_and_all_are_listed():
    refuse_unready([CONSTANT, PROVEN])
    with pytest.raises(TrainingError, match=r"R002: There are 4 leads\. Wait\."):
        refuse_unready([CONSTANT, REFUSAL])


def test_a_finding_becomes_the_facts_of_the_bundle():
    assert PROVEN.to_dict() == {
        "code": "L001",
        "kind": "proven",
        "level": "error",
        "column": "onboarding",
        "message": "Filled only after closing.",
        "advice": "Exclude it.",
    }
