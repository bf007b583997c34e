"""The bundle: a scorer as one file that cannot run anything.

`NAME.leadml` is a zip archive of JSON and raw numbers. Its manifest lists the SHA-256 and size of every other part, and
the archive's comment is the SHA-256 of the manifest: a changed byte anywhere that matters is seen before any part is
parsed. This guards against damage. Against forgery, compare the whole file's digest with one kept elsewhere.

Format 1: columns.json, features.json, policy.json, rulebook.json (where there are rules), answers.json (where leads
were seen to answer their questions), calibration.json (where a map calibrates the sum), facts.json, and little-endian
arrays: edges.f64 (edges of all number features, end to end), main.f64 (all feature tables), pairs.f64 (all pair
tables), maps.u16 (both maps of every pair).

Format 2 is for scorers that serve LightGBM itself, and has two parts more: trees.json (each model as LightGBM's text,
with its scale) and places.f64 (what each code is put to each model's trees as). All others are written as format 1.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from leadml.errors import BundleError, RulebookError
from leadml.predict.parts import (
    ALLOWED,
    OF_TREES,
    OPTIONAL,
    REQUIRED,
    PartsError,
    dump_json,
    parse_json,
    read_parts,
    write_parts,
)
from leadml.predict.scorer import Scorer
from leadml.replacing import replacing

FORMAT = 1
FORMAT_WITH_TREES = 2
MANIFEST = "manifest.json"
_MOST_BYTES = 256 * 2**20
# What the zip module raises over a damaged file, besides its own BadZipFile.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, OSError, ValueError, OverflowError),
)


def save_scorer(scorer: Scorer, path: str | os.PathLike[str]) -> Scorer:
    """Write a scorer to a bundle file, replacing it atomically.

    Args:
        scorer: what to write. The same scorer always gives the same bytes.
        path: where to; by custom NAME.leadml.

    Returns:
        The scorer, with `digest` set to the SHA-256 of the file.

    Raises:
        BundleError: the folder cannot be written to, or the scorer's parts do not fit together.
    """
    target = Path(path)
    parts = write_parts(scorer)
    try:
        read_parts(parts)
    except (PartsError, RulebookError) as refused:
        raise BundleError(f"{target}: not written, as it could not be loaded again: {refused}.") from None
    content = _pack(parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as draft:
            draft.write_bytes(content)
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
    return parse_scorer(read_bundle(path), digest, where=str(path))


def parse_scorer(content: bytes, digest: str | None = None, *, where: str) -> Scorer:
    """Make a scorer of the bytes of a bundle file; `where` names it in errors.

    Raises:
        BundleError: as for `load_scorer`.
    """
    found = hashlib.sha256(content).hexdigest()
    if digest is not None and digest != found:
        raise BundleError(f"{where}: the file's SHA-256 is {found}, not {digest} as expected. Fetch the right bundle.")
    try:
        return replace(read_parts(_open(content)), digest=found)
    except (PartsError, RulebookError) as refused:
        raise BundleError(f"{where}: {refused}. The bundle was not loaded; save or fetch it again.") from None


def read_bundle(file: str | os.PathLike[str]) -> bytes:
    """The bytes of a bundle file, not looked into.

    Raises:
        BundleError: the file is missing, cannot be read or is too large to be a bundle.
    """
    path = Path(file)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BundleError(f"{path}: larger than {_MOST_BYTES >> 20} MiB, so this is not a bundle of leadml.")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # a ValueError is a path with a NUL in it
        reason = getattr(error, "strerror", None) or str(error)
        raise BundleError(f"{path}: the bundle cannot be read ({reason}). Check the path, or train a model.") from None


def _open(content: bytes) -> dict[str, bytes]:
    """The parts of a bundle, once names, sizes and digests are what the manifest and its seal say."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names) or not set(names) <= ALLOWED | {MANIFEST}:
                raise PartsError("it holds parts that no bundle has")
            if sum(info.file_size for info in infos) > _MOST_BYTES:
                raise PartsError(f"its parts claim more than {_MOST_BYTES >> 20} MiB")
            if any(info.compress_type != zipfile.ZIP_DEFLATED for info in infos):
                raise PartsError("its parts are packed in a way that no bundle uses")
            if MANIFEST not in names:
                raise PartsError("it has no manifest")
            parts = {info.filename: _unpack(archive, info) for info in infos}
            seal = archive.comment.decode("ascii", "replace")
    except _UNREADABLE as error:
        raise PartsError(f"it is not a readable bundle ({error})") from None
    manifest = parts.pop(MANIFEST)
    if hashlib.sha256(manifest).hexdigest() != seal:
        raise PartsError("its manifest was changed")
    _check_parts(parse_json(manifest, MANIFEST), parts)
    return parts


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as part:
        # Without a length, all that the part unpacks to would come into memory before its claimed size is looked at.
        return part.read(info.file_size)


def _check_parts(manifest: Any, parts: dict[str, bytes]) -> None:
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found not in (FORMAT, FORMAT_WITH_TREES) or isinstance(found, bool | float):
        known = f"{FORMAT} and {FORMAT_WITH_TREES}"
        raise PartsError(f"its format is {found!r}, and this version of leadml reads formats {known}")
    needed = REQUIRED | (OF_TREES if found == FORMAT_WITH_TREES else set())
    digests = manifest.get("parts")
    if not isinstance(digests, dict) or set(digests) != set(parts) or set(parts) - OPTIONAL != needed:
        raise PartsError("its parts are not those that its manifest lists")
    for name, content in parts.items():
        if digests[name] != {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}:
            raise PartsError(f"its part {name} was changed")


def _pack(parts: dict[str, bytes]) -> bytes:
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in parts.items()
    }
    number = FORMAT_WITH_TREES if set(parts) >= OF_TREES else FORMAT
    manifest = dump_json({"format": number, "parts": listed})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {MANIFEST: manifest, **parts}.items():
            # A fixed date: the same scorer must give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        archive.comment = hashlib.sha256(manifest).hexdigest().encode()
    return buffer.getvalue()
