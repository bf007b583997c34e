from __future__ import annotations

from typing import Any

from leadml.report.measures import comparison, verdict


def test_the_verdict_names_who_is_beaten_and_who_is_not(facts: dict[str, Any]) -> None:
    models = facts["evaluation"]["models"]
    assert verdict(models) == (
        "Its probabilities fit what happened better than those of logistic regression, rules alone and base rate "
        "(log loss)."
    )
    models["rules alone"]["log_loss"] = [0.1, 0.1, 0.1]
    assert "better than those of logistic regression and base rate but" in verdict(models)
    assert "no better than those of rules alone" in verdict(models)


def test_a_tie_is_not_a_win(facts: dict[str, Any]) -> None:
    models = {"leadml": {"log_loss": [0.3, 0.2, 0.4]}, "base rate": {"log_loss": [0.3, 0.2, 0.4]}}
    assert "no better than those of base rate" in verdict(models)


def test_without_a_measurement_there_is_no_verdict() -> None:
    assert verdict(None) == verdict({}) == verdict({"leadml": {}, "base rate": {"log_loss": [0.3]}}) == ""
    assert comparison(None) == []


def test_the_scorer_comes_first_and_figures_that_nobody_has_are_left_out(facts: dict[str, Any]) -> None:
    models = dict(reversed(facts["evaluation"]["models"].items()))
    for figures in models.values():
        del figures["brier"]
    lines = comparison(models)
    assert all(line.cells[0].ours for line in lines)
    assert "brier" not in [line.measure.key for line in lines]


def test_a_figure_that_one_model_lacks_is_a_dash(facts: dict[str, Any]) -> None:
    del facts["evaluation"]["models"]["rules alone"]["auc"]
    auc = next(line for line in comparison(facts["evaluation"]["models"]) if line.measure.key == "auc")
    cell = next(cell for cell in auc.cells if cell.model == "rules alone")
    assert (cell.value, cell.interval) == ("–", "")
