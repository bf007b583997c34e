"""What is asked of a cutoff, what binds it and why there is none, in words."""

from __future__ import annotations

import numpy as np

from leadml.training.cutoffs.candidates import Candidates
from leadml.training.cutoffs.cutoff import Figures
from leadml.training.cutoffs.demands import FEWEST_LEADS, Binding, Demand
from leadml.training.cutoffs.policy import StagePolicy


def phrases(asked: StagePolicy, cost: float) -> dict[Binding, str]:
    """What is asked, one phrase for each demand and goal, in the words that follow "the lowest cutoff ..."."""
    said: dict[Binding, str] = {}
    if asked.per_week is not None:
        said["capacity"] = f"within the capacity of {asked.per_week:g} leads a week"
    if asked.minimum_precision is not None:
        said["minimum precision"] = f"whose leads convert at {asked.minimum_precision:.1%} or more"
        if asked.confidence is not None:
            said["minimum precision"] += f", certified at {100 * asked.confidence:g} % confidence"
    if asked.minimum_recall is not None:
        said["minimum recall"] = f"with {asked.minimum_recall:.1%} or more of all leads that convert above it"
    if asked.target_per_week is not None:
        said["target volume"] = f"nearest to the target of {asked.target_per_week:g} leads a week"
    if asked.expected_value:
        said["expected value"] = f"of the highest expected value, {_money(cost)} for each lead worked taken off"
    if asked.f_beta is not None:
        said["F-beta"] = f"of the highest F-{asked.f_beta:g}"
    if asked.probability is not None:
        said["manual"] = f"set by hand at {asked.probability:g}"
    return said


def in_words(asked: StagePolicy, cost: float) -> str:
    """All that is asked, as one phrase."""
    return f"a cutoff {' and '.join(phrases(asked, cost).values())}"


def placed(asked: StagePolicy, binding: Binding, cost: float) -> str:
    """What puts a cutoff where it is, and what else holds there."""
    said = phrases(asked, cost)
    if binding == "manual":
        return said["manual"]
    if binding == "none":
        return "the lowest cutoff there can be, since what was asked for holds even there"
    goal = next((name for name in ("target volume", "expected value", "F-beta") if name in said), None)
    others = [phrase for name, phrase in said.items() if name not in (binding, goal)]
    rest = f" (and {' and '.join(others)})" if others else ""
    if goal is None:
        which = "highest" if list(said) == ["minimum recall"] else "lowest"
        return f"the {which} cutoff {said[binding]}{rest}"
    if binding == goal:
        return f"the cutoff {said[goal]}{rest}"
    return f"the cutoff {said[goal]} of all {said[binding]}{rest}"


def did(figures: Figures, crossed: int, base_rate: float) -> str:
    """What a cutoff would have done."""
    volume = f"{crossed:,} leads" if figures.per_week is None else f"{figures.per_week[0]:.1f} new leads a week"
    if figures.precision is None:
        return f"{volume} cross it"
    of_whom = "of whom" if figures.per_week is None else "and of all that cross it"
    return f"{volume} cross it, {of_whom} {figures.precision[0]:.1%} convert (base rate {base_rate:.1%})"


def out_of_reach(asked: StagePolicy, candidates: Candidates, demands: list[Demand]) -> str:
    """Why there is no cutoff."""
    if not len(candidates.cutoffs):
        return f"no lead that qualifies scores {candidates.floor:.3f} or more"
    impossible = [demand.name for demand in demands if not demand.met.any()]
    if "minimum precision" in impossible and asked.minimum_precision is not None:
        if asked.confidence is not None:
            return _closest_to_a_promise(candidates, asked.minimum_precision, asked.confidence)
        return f"at no cutoff do {FEWEST_LEADS} leads or more convert at {asked.minimum_precision:.1%}"
    if "expected value" in impossible:
        return f"no lead is worth working at {_money(candidates.leads.cost_of_working)} each"
    if "capacity" in impossible:
        return f"even the highest score is crossed by more than {asked.per_week:g} leads a week"
    if "minimum recall" in impossible:
        return f"even the lowest score reaches less than {asked.minimum_recall or 0:.1%} of all leads that convert"
    promised = "" if asked.confidence is None else f" at {100 * asked.confidence:g} % confidence"
    parts = {
        "capacity": f"keeps to {asked.per_week or 0:g} leads a week",
        "minimum precision": f"has leads that convert at {asked.minimum_precision or 0:.1%}{promised}",
        "minimum recall": f"reaches {asked.minimum_recall or 0:.1%} of all leads that convert",
        "expected value": "brings more than it costs",
    }
    return f"no cutoff {' and '.join(parts[demand.name] for demand in demands)}"


def _money(amount: float) -> str:
    return f"{amount:,.0f}" if amount == round(amount) else f"{amount:,.2f}"


def _closest_to_a_promise(candidates: Candidates, minimum: float, confidence: float) -> str:
    """What keeps a precision from being promised, at the cutoff where most speaks for it.

    That is where the leads that convert exceed the minimum by most standard deviations of the binomial.
    """
    if minimum >= 1:
        return "that every single lead converts can never be promised. Ask for a lower share"
    crossed, converted = candidates.crossed, candidates.converted
    with np.errstate(invalid="ignore", divide="ignore"):
        speaking = (converted - minimum * crossed) / np.sqrt(crossed * max(minimum * (1 - minimum), 1e-12))
    place = int(np.argmax(np.where(crossed > 0, speaking, -np.inf)))
    leads, won = int(crossed[place]), int(converted[place])
    seen = f"with {leads:,} leads above {candidates.cutoffs[place]:.3f}, of whom {won:,} converted ({won / leads:.1%}),"
    cannot = f"{seen} a share of {minimum:.1%} cannot be promised at {100 * confidence:g} % confidence"
    if won < minimum * leads:
        return f"{cannot}: at no cutoff do as many convert. Ask for a lower share"
    return f"{cannot}: so few may exceed it by chance. Ask for a lower share or confidence, or wait for more leads"
