"""Is a text one of the LightGBM models that leadml writes? To be known before LightGBM reads it.

LightGBM trusts its text format: sizes and positions that do not fit make it read beyond its memory, and children that
go round in a ring keep it busy for ever. So every figure that it would go by is looked at first.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_MOST_LEAVES = 1024
_HEADER = (
    *("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective"),
    *("feature_names", "monotone_constraints", "feature_infos", "tree_sizes"),
)
_OF_NODES = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
_OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_OF_INNER = ("internal_value", "internal_weight", "internal_count")
_TREE = ("num_leaves", "num_cat", *_OF_NODES, *_OF_LEAVES, *_OF_INNER, "is_linear", "shrinkage")
_WHOLE = {"split_feature", "decision_type", "left_child", "right_child", "leaf_count", "internal_count"}
_NUMBER = r"-?\d{1,20}(?:\.\d{1,30})?(?:e[+-]?\d{1,3})?"
_NUMBERS = re.compile(rf"(?:{_NUMBER}(?: {_NUMBER})*)?", re.ASCII)
_INTEGERS = re.compile(r"(?:-?\d{1,9}(?: -?\d{1,9})*)?", re.ASCII)
_INFO = re.compile(rf"none|\[{_NUMBER}:{_NUMBER}\]", re.ASCII)
# Numbers only, missing values to either side: no categories, and no zeros that count as missing.
_DECISIONS = (0, 2, 8, 10)

Numbers = np.ndarray[Any, np.dtype[Any]]


def check_tree_text(text: str, n_features: int) -> None:
    """Refuse a text that is not a LightGBM model of one sum of trees over so many features.

    Raises:
        ValueError: which part of it is not as it must be.
    """
    header, found, trees = text.partition("\n\n")
    _require(bool(found) and text.isascii() and "\r" not in text, "it is not a text of LightGBM")
    first, *lines = header.split("\n")
    head = _fields(lines)
    _require(first == "tree" and tuple(head) in (_HEADER, tuple(key for key in _HEADER if key in head)), "its head")
    _check_head(head, n_features)
    sizes = _integers(head["tree_sizes"])
    _require(len(sizes) > 0 and bool((sizes > 0).all()), "its number of trees")
    for number, (end, size) in enumerate(zip(np.cumsum(sizes).tolist(), sizes.tolist(), strict=True)):
        _check_tree(trees[end - size : end], number, n_features)
    _require(trees[int(sizes.sum()) :] == "end of trees\n", "its length")


def _check_head(head: dict[str, str], n_features: int) -> None:
    said = {
        "version": "v4",
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "label_index": "0",
        "max_feature_idx": str(n_features - 1),
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(f"Column_{position}" for position in range(n_features)),
    }
    for key, value in said.items():
        _require(head.get(key) == value, f"its {key}")
    infos = head.get("feature_infos", "").split(" ")
    _require(len(infos) == n_features and all(_INFO.fullmatch(info) for info in infos), "its feature_infos")
    _require("tree_sizes" in head, "its tree_sizes")
    if "monotone_constraints" in head:
        directions = _integers(head["monotone_constraints"])
        _require(len(directions) == n_features and bool(np.isin(directions, (-1, 0, 1)).all()), "its constraints")


def _check_tree(block: str, number: int, n_features: int) -> None:
    where = f"its tree {number}"
    _require(block.startswith(f"Tree={number}\n") and block.endswith("\n\n\n"), where)
    tree = _fields(block[: -len("\n\n\n")].split("\n")[1:])
    _require(tuple(tree) == _TREE and tree["num_cat"] == "0" and tree["is_linear"] == "0", where)
    _require(bool(re.fullmatch(_NUMBER, tree["shrinkage"], re.ASCII)), where)
    leaves = int(_integers(tree["num_leaves"])[0]) if tree["num_leaves"].isdigit() else 0
    _require(1 <= leaves <= _MOST_LEAVES, where)
    # What parts missing values from all others lies below infinity.
    thresholds = re.sub(r"(?<!\S)inf(?!\S)", "0", tree["threshold"])
    tree = tree | {"threshold": thresholds}
    arrays = {key: _numbers(tree[key], whole=key in _WHOLE) for key in (*_OF_NODES, *_OF_LEAVES, *_OF_INNER)}
    for key, array in arrays.items():
        _require(len(array) == leaves - (key not in _OF_LEAVES) and bool(np.isfinite(array).all()), where)
    feature = arrays["split_feature"]
    _require(bool(((feature >= 0) & (feature < n_features)).all()), where)
    _require(bool(np.isin(arrays["decision_type"], _DECISIONS).all()), where)
    if leaves > 1:
        _check_shape(arrays, leaves, where)


def _check_shape(arrays: dict[str, Numbers], leaves: int, where: str) -> None:
    """Every node but the root hangs from one that comes before it, and counts what hangs from it."""
    left, right = arrays["left_child"], arrays["right_child"]
    children = np.concatenate([left, right])
    parents = np.tile(np.arange(leaves - 1), 2)
    everyone = [*range(-leaves, 0), *range(1, leaves - 1)]
    _require(sorted(children.tolist()) == everyone, where)
    _require(bool((parents < children)[children >= 0].all()), where)
    inner, leaf = arrays["internal_count"], arrays["leaf_count"]
    counts = np.concatenate([inner, leaf[::-1]])  # a leaf's place counts from the end
    _require(bool((counts > 0).all() and (inner == counts[left] + counts[right]).all()), where)


def _fields(lines: list[str]) -> dict[str, str]:
    """`key=value` lines as they stand; a line that is none, or a key that comes twice, is no line of LightGBM's."""
    parted = [line.partition("=") for line in lines]
    _require(all(mark for _, mark, _ in parted), "a line of it")
    fields = {key: value for key, _, value in parted}
    _require(len(fields) == len(lines), "a line of it")
    return fields


def _numbers(text: str, *, whole: bool) -> Numbers:
    if whole:
        return _integers(text)
    _require(bool(_NUMBERS.fullmatch(text)), "a number of it")
    return np.array(text.split(), dtype=np.float64)


def _integers(text: str) -> Numbers:
    _require(bool(_INTEGERS.fullmatch(text)), "a number of it")
    return np.array(text.split(), dtype=np.int64)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} is not as leadml writes it")
