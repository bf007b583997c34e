"""The parts of a bundle: a scorer as JSON and raw numbers, and back. `bundle.py` says what each part holds."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from leadml.predict.asking.answers import Answers
from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import GROUPS, Column, Feature
from leadml.predict.phrases import PATTERNS, PLAIN, Phrase
from leadml.predict.policy_text import parse_policy, policy_is_sound, policy_to_dict
from leadml.predict.rules.rulebook_text import parse_rulebook, rulebook_to_dict
from leadml.predict.scorer import Scorer
from leadml.predict.tables import Pair, ScoreTables
from leadml.predict.tree_text import check_tree_text
from leadml.predict.trees import Trees

REQUIRED = {
    *("columns.json", "features.json", "policy.json", "facts.json"),
    *("edges.f64", "main.f64", "pairs.f64", "maps.u16"),
}
OF_TREES = {"trees.json", "places.f64"}
OPTIONAL = {"rulebook.json", "answers.json", "calibration.json"}
ALLOWED = REQUIRED | OF_TREES | OPTIONAL
_COLUMN_KINDS = ("number", "category", "time")
_COLUMN_KIND_OF = {"number": "number", "category": "category", "month": "time", "weekday": "time", "hour": "time"}
_MOST_CODES = 2**16


class PartsError(Exception):
    """Why a bundle's parts are refused; the bundle that holds them says so with its file's name."""


def read_parts(parts: dict[str, bytes]) -> Scorer:
    """Build the scorer.

    Raises:
        PartsError: the parts do not fit together, or hold what would fail or mislead while scoring.
        RulebookError: the rulebook is not one.
    """
    try:
        columns = tuple(Column(**_phrased(entry)) for entry in parse_json(parts["columns.json"], "columns.json"))
        features, tables = _numbers(parse_json(parts["features.json"], "features.json"), parts)
        policy = parse_json(parts["policy.json"], "policy.json")
        scorer = Scorer(
            columns=columns,
            features=features,
            tables=tables,
            policy=parse_policy(policy),
            rulebook=parse_rulebook(parse_json(parts["rulebook.json"], "rulebook.json"), "rulebook.json")
            if "rulebook.json" in parts
            else None,
            facts=parse_json(parts["facts.json"], "facts.json"),
            trees=_trees(features, parts) if "trees.json" in parts else (),
            answers=tuple(map(Answers.from_dict, parse_json(parts["answers.json"], "answers.json")))
            if "answers.json" in parts
            else (),
            calibration=_calibration(parts) if "calibration.json" in parts else None,
        )
        _check_scorer(scorer)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise PartsError(f"its parts do not fit together ({type(error).__name__}: {error})") from None
    return scorer


def _numbers(layout: dict[str, Any], parts: dict[str, bytes]) -> tuple[tuple[Feature, ...], ScoreTables]:
    """Features and tables, each array cut from the part that holds all of its kind."""
    edges, main = _Cutter(parts["edges.f64"], "<f8"), _Cutter(parts["main.f64"], "<f8")
    pair_tables, maps = _Cutter(parts["pairs.f64"], "<f8"), _Cutter(parts["maps.u16"], "<u2")
    features, tables = [], []
    for entry in layout["features"]:
        own_edges = edges.cut(entry["edges"])
        features.append(Feature(**(_phrased(entry) | {"edges": own_edges, "levels": tuple(entry["levels"])})))
        tables.append(main.cut(features[-1].n_codes))
    pairs = []
    for entry in layout["pairs"]:
        left, right, shape = int(entry["left"]), int(entry["right"]), tuple(entry["shape"])
        left_map, right_map = maps.cut(features[left].n_codes), maps.cut(features[right].n_codes)
        pairs.append(Pair(left, right, left_map, right_map, pair_tables.cut(math.prod(shape)).reshape(shape)))
    for cutter in (edges, main, pair_tables, maps):
        cutter.finish()
    intercept, rules_weight = float(layout["intercept"]), float(layout["rules_weight"])
    return tuple(features), ScoreTables(intercept, tuple(tables), tuple(pairs), rules_weight)


def _phrased(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with its phrase; those of before there were phrases read as their label and the value."""
    return entry | {"phrase": Phrase(**entry["phrase"])} if "phrase" in entry else entry


def _trees(features: tuple[Feature, ...], parts: dict[str, bytes]) -> tuple[Trees, ...]:
    places = _Cutter(parts["places.f64"], "<f8")
    trees = [
        Trees(entry["text"], tuple(places.cut(feature.n_codes) for feature in features), float(entry["scale"]))
        for entry in parse_json(parts["trees.json"], "trees.json")
    ]
    places.finish()
    for one in trees:
        check_tree_text(one.text, len(features))
    return tuple(trees)


def _calibration(parts: dict[str, bytes]) -> MonotoneMap:
    layout = parse_json(parts["calibration.json"], "calibration.json")
    at, to = (np.array([float(number) for number in layout[key]], dtype=np.float64) for key in ("at", "to"))
    return MonotoneMap(at, to)


def _check_scorer(scorer: Scorer) -> None:
    """Refuse what would load and then fail, or mislead, while scoring."""
    columns, features, tables = scorer.columns, scorer.features, scorer.tables
    kinds = {column.name: column.kind for column in columns}
    arrays = [
        np.array([tables.intercept, tables.rules_weight]),
        *(array for feature, main in zip(features, tables.main, strict=True) for array in (feature.edges, main)),
        *(pair.table for pair in tables.pairs),
        *(np.array([trees.scale]) for trees in scorer.trees),
        *(places[1:] for trees in scorer.trees for places in trees.places),  # only what is missing may be no number
    ]
    words = [
        *(word for column in columns for word in (column.name, column.label)),
        *(word for feature in features for word in (feature.name, feature.label, *feature.levels)),
    ]
    sound = {
        "a name, label or level is not a text": all(isinstance(word, str) for word in words),
        "two columns have one name": len(kinds) == len(columns),
        "a column is of an unknown kind": all(c.kind in _COLUMN_KINDS and c.group in GROUPS for c in columns),
        "a feature is of an unknown kind": all(f.kind in _COLUMN_KIND_OF and f.group in GROUPS for f in features),
        "a feature's column is not in its contract, or of another kind": all(
            kinds.get(feature.column) == _COLUMN_KIND_OF.get(feature.kind) for feature in features
        ),
        "a rule's column is not in its contract": not scorer.rulebook
        or (scorer.rulebook.is_resolved and set(scorer.rulebook.columns) <= kinds.keys()),
        "a phrase is none": all(_phrase_is_sound(c.phrase, c.kind) for c in columns)
        and all(_phrase_is_sound(f.phrase, f.kind) for f in features),
        "a number is not finite": all(np.isfinite(array).all() for array in arrays),
        "a feature's edges do not ascend": all((np.diff(feature.edges) > 0).all() for feature in features),
        "a feature has more codes than 16 bits hold": all(feature.n_codes <= _MOST_CODES for feature in features),
        "a pair's maps and table do not fit its features": all(_pair_fits(pair, features) for pair in tables.pairs),
        "its policy is none: no probabilities in order, or segments that are not apart": policy_is_sound(
            scorer.policy, kinds.keys()
        ),
        "its answers are none of its questions'": _answers_are_sound(scorer),
        "its calibration does not rise": scorer.calibration is None or scorer.calibration.is_sound,
        "its facts are not a table": isinstance(scorer.facts, dict),
    }
    faults = [fault for fault, holds in sound.items() if not holds]
    if faults:
        raise PartsError("; ".join(faults))


def _phrase_is_sound(phrase: Phrase, kind: str) -> bool:
    days = phrase.days is None or (isinstance(phrase.days, int) and not isinstance(phrase.days, bool))
    only_numbers = phrase.pattern == "value" or kind == "number"
    return phrase.pattern in PATTERNS and isinstance(phrase.subject, str) and days and only_numbers


def _pair_fits(pair: Pair, features: tuple[Feature, ...]) -> bool:
    return (
        min(pair.left, pair.right) >= 0
        and max(pair.left, pair.right) < len(features)
        and pair.table.ndim == 2
        and pair.table.size <= _MOST_CODES
        and all(
            int(to_coarse.max()) < size
            for to_coarse, size in zip((pair.left_map, pair.right_map), pair.table.shape, strict=True)
        )
    )


def _answers_are_sound(scorer: Scorer) -> bool:
    columns = {column.name: column for column in scorer.columns}
    named = [answers.column for answers in scorer.answers]
    return len(set(named)) == len(named) and all(
        answers.are_sound(columns.get(answers.column), scorer.rulebook) for answers in scorer.answers
    )


class _Cutter:
    """Cuts arrays off a part one after the other; in the end nothing may be left."""

    def __init__(self, content: bytes, dtype: str) -> None:
        self._rest = np.frombuffer(content, dtype=dtype).astype(np.dtype(dtype).newbyteorder("="))

    def cut(self, length: int) -> np.ndarray[Any, Any]:
        if not 0 <= length <= len(self._rest):
            raise ValueError("an array is shorter than its features say")
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def finish(self) -> None:
        if len(self._rest):
            raise ValueError("an array is longer than its features say")


def write_parts(scorer: Scorer) -> dict[str, bytes]:
    """The parts of a bundle by name; `read_parts` reads them back exactly."""
    tables = scorer.tables
    layout = {
        "intercept": tables.intercept,
        "rules_weight": tables.rules_weight,
        "features": [
            {
                **{k: getattr(f, k) for k in ("name", "column", "kind", "group", "label")},
                "levels": f.levels,
                "edges": len(f.edges),
                **({} if f.phrase == PLAIN else {"phrase": asdict(f.phrase)}),
            }
            for f in scorer.features
        ],
        "pairs": [{"left": p.left, "right": p.right, "shape": p.table.shape} for p in tables.pairs],
    }
    parts = {
        "columns.json": dump_json([_column(column) for column in scorer.columns]),
        "features.json": dump_json(layout),
        "policy.json": dump_json(policy_to_dict(scorer.policy)),
        "facts.json": dump_json(scorer.facts),
        "edges.f64": _flat([feature.edges for feature in scorer.features], "<f8"),
        "main.f64": _flat(tables.main, "<f8"),
        "pairs.f64": _flat([pair.table.ravel() for pair in tables.pairs], "<f8"),
        "maps.u16": _flat([m for pair in tables.pairs for m in (pair.left_map, pair.right_map)], "<u2"),
    }
    if scorer.rulebook:
        parts["rulebook.json"] = dump_json(rulebook_to_dict(scorer.rulebook))
    if scorer.answers:
        parts["answers.json"] = dump_json([answers.to_dict() for answers in scorer.answers])
    if scorer.calibration:
        knots = {"at": scorer.calibration.at.tolist(), "to": scorer.calibration.to.tolist()}
        parts["calibration.json"] = dump_json(knots)
    if scorer.trees:
        parts["trees.json"] = dump_json([{"text": trees.text, "scale": trees.scale} for trees in scorer.trees])
        parts["places.f64"] = _flat([places for trees in scorer.trees for places in trees.places], "<f8")
    return parts


def _column(column: Column) -> dict[str, Any]:
    """A column without a phrase of its own is written as before there were phrases."""
    entry = asdict(column)
    if column.phrase == PLAIN:
        del entry["phrase"]
    return entry


def _flat(arrays: Any, dtype: str) -> bytes:
    return np.concatenate([np.empty(0, dtype), *arrays]).astype(dtype).tobytes()


def dump_json(content: Any) -> bytes:
    """The same content always as the same bytes."""
    return json.dumps(content, sort_keys=True, allow_nan=False, ensure_ascii=False).encode()


def parse_json(content: bytes, name: str) -> Any:
    """Parse a part; `name` says which, for messages.

    Raises:
        PartsError: it is not valid JSON.
    """
    try:
        parsed = json.loads(content)
        dump_json(parsed)  # what cannot be written again was not written here: infinities, half a surrogate pair
    except (ValueError, RecursionError) as error:
        raise PartsError(f"its part {name} is not valid JSON ({error})") from None
    return parsed
