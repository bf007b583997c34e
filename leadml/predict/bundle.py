"""The bundle: a scorer as one file that cannot run anything.

`NAME.leadml` is a zip archive of JSON and raw numbers. Its manifest lists the SHA-256 and size of every other part, and
the archive's comment is the SHA-256 of the manifest: a changed byte anywhere that matters is seen before any part is
parsed. This guards against damage. Against forgery, compare the whole file's digest with one kept elsewhere.

Format 1: columns.json, features.json, policy.json, rulebook.json (where there are rules), facts.json, and little-endian
arrays: edges.f64 (edges of all number features, end to end), main.f64 (all feature tables), pairs.f64 (all pair
tables), maps.u16 (both maps of every pair).
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import tempfile
import zipfile
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from leadml.errors import BundleError, RulebookError
from leadml.predict.encoding import GROUPS, Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.rulebook import parse_rulebook
from leadml.predict.scorer import Scorer
from leadml.predict.tables import Pair, ScoreTables

FORMAT = 1
MANIFEST = "manifest.json"
_REQUIRED = {
    "columns.json",
    "features.json",
    "policy.json",
    "facts.json",
    "edges.f64",
    "main.f64",
    "pairs.f64",
    "maps.u16",
}
_ALLOWED = _REQUIRED | {"rulebook.json"}
_MOST_BYTES = 256 * 2**20
_COLUMN_KINDS = ("number", "category", "time")
_FEATURE_KINDS = ("number", "category", "month", "weekday", "hour")


def save_scorer(scorer: Scorer, path: str | os.PathLike[str]) -> Scorer:
    """Write a scorer to a bundle file, replacing it atomically.

    Args:
        scorer: what to write. The same scorer always gives the same bytes.
        path: where to; by custom NAME.leadml.

    Returns:
        The scorer, with `digest` set to the SHA-256 of the file.

    Raises:
        BundleError: the folder cannot be written to.

    """
    content = _pack(scorer)
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(0o644)
        os.replace(file.name, target)
    except OSError as error:
        raise BundleError(
            f"{target}: the bundle cannot be written ({error.strerror}). Choose another folder."
        ) from None
    return replace(scorer, digest=hashlib.sha256(content).hexdigest())


def load_scorer(path: str | os.PathLike[str], digest: str | None = None) -> Scorer:
    """Load a scorer from a bundle file.

    Args:
        path: the bundle file.
        digest: SHA-256 of the whole file, where the caller knows it; checked before anything else.

    Raises:
        BundleError: the file is missing, is not a bundle, was changed, or is of a format this version does not know.

    """
    content = _read(Path(path))
    found = hashlib.sha256(content).hexdigest()
    if digest is not None and digest != found:
        raise BundleError(
            f"{path}: the file's SHA-256 is {found}, not {digest} as expected. Fetch the right bundle."
        )
    try:
        return replace(_construct(_open(content)), digest=found)
    except (_Refused, RulebookError) as refused:
        raise BundleError(f"{path}: {refused}. The bundle was not loaded; save or fetch it again.") from None


class _Refused(Exception):
    """Why a bundle is not loaded; becomes a BundleError that names the file."""


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BundleError(
                f"{path}: larger than {_MOST_BYTES >> 20} MiB, so this is not a bundle of leadml."
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BundleError(
            f"{path}: the bundle cannot be read ({reason}). Check the path, or train a model."
        ) from None


def _open(content: bytes) -> dict[str, bytes]:
    """The parts of a bundle, once names, sizes and digests are what the manifest and its seal say."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names) or not set(names) <= _ALLOWED | {MANIFEST}:
                raise _Refused("it holds parts that no bundle has")
            if sum(info.file_size for info in infos) > _MOST_BYTES:
                raise _Refused(f"its parts claim more than {_MOST_BYTES >> 20} MiB")
            if MANIFEST not in names:
                raise _Refused("it has no manifest")
            parts = {info.filename: archive.read(info) for info in infos}
            seal = archive.comment.decode("ascii", "replace")
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise _Refused(f"it is not a readable bundle ({error})") from None
    manifest = parts.pop(MANIFEST)
    if hashlib.sha256(manifest).hexdigest() != seal:
        raise _Refused("its manifest was changed")
    _check_parts(_json(manifest, MANIFEST), parts)
    return parts


def _check_parts(manifest: Any, parts: dict[str, bytes]) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise _Refused(f"its format is {found!r}, and this version of leadml reads format {FORMAT}")
    digests = manifest.get("parts")
    if not isinstance(digests, dict) or set(digests) != set(parts) or not set(parts) >= _REQUIRED:
        raise _Refused("its parts are not those that its manifest lists")
    for name, content in parts.items():
        if digests[name] != {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}:
            raise _Refused(f"its part {name} was changed")


def _construct(parts: dict[str, bytes]) -> Scorer:
    """Build the scorer; whatever does not fit together is refused."""
    try:
        columns = tuple(Column(**entry) for entry in _json(parts["columns.json"], "columns.json"))
        features, tables = _numbers(_json(parts["features.json"], "features.json"), parts)
        policy = _json(parts["policy.json"], "policy.json")
        scorer = Scorer(
            columns=columns,
            features=features,
            tables=tables,
            policy=Policy(**(policy | {"grade_bounds": tuple(policy["grade_bounds"])})),
            rulebook=parse_rulebook(_json(parts["rulebook.json"], "rulebook.json"), "rulebook.json")
            if "rulebook.json" in parts
            else None,
            facts=_json(parts["facts.json"], "facts.json"),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _Refused(f"its parts do not fit together ({type(error).__name__}: {error})") from None
    _check_scorer(scorer)
    return scorer


def _numbers(layout: dict[str, Any], parts: dict[str, bytes]) -> tuple[tuple[Feature, ...], ScoreTables]:
    """Features and tables, each array cut from the part that holds all of its kind."""
    edges, main = _Cutter(parts["edges.f64"], "<f8"), _Cutter(parts["main.f64"], "<f8")
    pair_tables, maps = _Cutter(parts["pairs.f64"], "<f8"), _Cutter(parts["maps.u16"], "<u2")
    features, tables = [], []
    for entry in layout["features"]:
        own_edges = edges.cut(entry["edges"])
        features.append(Feature(**(entry | {"edges": own_edges, "levels": tuple(entry["levels"])})))
        tables.append(main.cut(features[-1].n_codes))
    pairs = []
    for entry in layout["pairs"]:
        left, right, shape = int(entry["left"]), int(entry["right"]), tuple(entry["shape"])
        left_map, right_map = maps.cut(features[left].n_codes), maps.cut(features[right].n_codes)
        pairs.append(Pair(left, right, left_map, right_map, pair_tables.cut(math.prod(shape)).reshape(shape)))
    for cutter in (edges, main, pair_tables, maps):
        cutter.finish()
    scalars = (float(layout[key]) for key in ("intercept", "rules_weight"))
    intercept, rules_weight = scalars
    return tuple(features), ScoreTables(intercept, tuple(tables), tuple(pairs), rules_weight)


def _check_scorer(scorer: Scorer) -> None:
    names = {column.name for column in scorer.columns}
    tables = scorer.tables
    sound = {
        "a column is of an unknown kind": all(
            c.kind in _COLUMN_KINDS and c.group in GROUPS for c in scorer.columns
        ),
        "a feature is of an unknown kind": all(
            f.kind in _FEATURE_KINDS and f.group in GROUPS for f in scorer.features
        ),
        "a feature's column is not in its contract": all(f.column in names for f in scorer.features),
        "a rule's column is not in its contract": not scorer.rulebook
        or set(scorer.rulebook.columns) <= names,
        "a number is not finite": all(
            np.isfinite(array).all()
            for array in (
                np.array([tables.intercept, tables.rules_weight]),
                *tables.main,
                *(p.table for p in tables.pairs),
            )
        ),
        "a feature's edges do not ascend": all(
            (np.diff(feature.edges) > 0).all() for feature in scorer.features
        ),
        "a pair's map points outside its table": all(
            pair.left_map.max() < pair.table.shape[0] and pair.right_map.max() < pair.table.shape[1]
            for pair in tables.pairs
        ),
        "a grade bound or cutoff is not a probability": all(
            isinstance(bound, float) and 0 <= bound <= 1
            for bound in (*scorer.policy.grade_bounds, scorer.policy.mql or 0.0, scorer.policy.sql or 0.0)
        ),
        "its facts are not a table": isinstance(scorer.facts, dict),
    }
    faults = [fault for fault, holds in sound.items() if not holds]
    if faults:
        raise _Refused("; ".join(faults))


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


def _pack(scorer: Scorer) -> bytes:
    parts = _parts(scorer)
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in parts.items()
    }
    manifest = _dump({"format": FORMAT, "parts": listed})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {MANIFEST: manifest, **parts}.items():
            # A fixed date: the same scorer must give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        archive.comment = hashlib.sha256(manifest).hexdigest().encode()
    return buffer.getvalue()


def _parts(scorer: Scorer) -> dict[str, bytes]:
    tables = scorer.tables
    layout = {
        "intercept": tables.intercept,
        "rules_weight": tables.rules_weight,
        "features": [
            {
                **{k: getattr(f, k) for k in ("name", "column", "kind", "group", "label")},
                "levels": f.levels,
                "edges": len(f.edges),
            }
            for f in scorer.features
        ],
        "pairs": [{"left": p.left, "right": p.right, "shape": p.table.shape} for p in tables.pairs],
    }
    parts = {
        "columns.json": _dump([asdict(column) for column in scorer.columns]),
        "features.json": _dump(layout),
        "policy.json": _dump(asdict(scorer.policy)),
        "facts.json": _dump(scorer.facts),
        "edges.f64": _flat([feature.edges for feature in scorer.features], "<f8"),
        "main.f64": _flat(tables.main, "<f8"),
        "pairs.f64": _flat([pair.table.ravel() for pair in tables.pairs], "<f8"),
        "maps.u16": _flat([m for pair in tables.pairs for m in (pair.left_map, pair.right_map)], "<u2"),
    }
    return parts | ({"rulebook.json": _dump(scorer.rulebook.to_dict())} if scorer.rulebook else {})


def _flat(arrays: Any, dtype: str) -> bytes:
    return np.concatenate([np.empty(0, dtype), *arrays]).astype(dtype).tobytes()


def _dump(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, allow_nan=False, ensure_ascii=False).encode()


def _json(content: bytes, name: str) -> Any:
    def refuse(word: str) -> None:
        raise _Refused(f"its part {name} holds the number {word}")

    try:
        return json.loads(content, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise _Refused(f"its part {name} is not valid JSON ({error})") from None
