"""The champion: which of the bundles in the models folder serves.

`champion.json` names the bundle and the SHA-256 of its file. It is replaced atomically after the bundle is on disk, so
that at any moment it names a whole one.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from leadml.errors import BundleError, LeadmlError, SourceError
from leadml.predict import Scorer, load_scorer, save_scorer
from leadml.sources import staged

POINTER = "champion.json"


def publish(scorer: Scorer, folder: Path, *, name: str, now: datetime) -> tuple[Scorer, Path]:
    """Save a scorer as a new bundle in `folder` and make it the champion; returns it with its digest, and its path.

    Raises:
        BundleError: the folder cannot be written to.
        SourceError: the pointer cannot be replaced; the champion stays.
    """
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "leads"
    path = folder / f"{stem}-{now:%Y%m%dT%H%M%S}.leadml"
    saved = save_scorer(scorer, path)
    pointer = {"bundle": path.name, "sha256": saved.digest}
    try:
        with staged(folder / POINTER) as part:
            part.write_text(json.dumps(pointer, indent=2) + "\n", encoding="utf-8")
    except SourceError:
        path.unlink()  # nothing would ever name it
        raise
    return saved, path


def champion_before(folder: Path) -> tuple[Scorer | None, tuple[str, ...]]:
    """The bundle that serves until a new one is published, None where there is none; and why it cannot be read.

    A broken champion must not keep anyone from training a new one.
    """
    if not (folder / POINTER).exists():
        return None, ()
    try:
        return load_champion(folder), ()
    except LeadmlError as unreadable:
        return None, (f"The model before cannot be read, so its grade bounds are not kept: {unreadable}",)


def load_champion(folder: Path) -> Scorer:
    """Load the bundle that serves.

    Raises:
        BundleError: there is none yet, or it is not the one that was published.
    """
    pointer = folder / POINTER
    try:
        named = json.loads(pointer.read_text(encoding="utf-8"))
        bundle, digest = str(named["bundle"]), str(named["sha256"])
    except FileNotFoundError:
        raise BundleError(f"{folder}: there is no model yet. Run `leadml train` first.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{pointer}: cannot be read ({error}). Run `leadml train` to write it anew.") from None
    if Path(bundle).name != bundle:
        raise BundleError(f"{pointer}: names a bundle outside its folder ({bundle}). Run `leadml train`.")
    return load_scorer(folder / bundle, digest)
