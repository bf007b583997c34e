"""The shipped rulebooks, one TOML file each: adding a framework is adding a file."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path

from leadml.errors import RulebookError
from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.rules.rulebook_text import read_rulebook


def preset_names() -> list[str]:
    """Names of the shipped rulebooks, for `load_rulebook`."""
    return sorted(
        entry.name.removesuffix(".toml") for entry in files(__name__).iterdir() if entry.name.endswith(".toml")
    )


def load_rulebook(rulebook: str | Path) -> Rulebook:
    """Load a shipped rulebook by name ("bant"), or a file by path (a `Path`, or a name that ends in ".toml").

    Raises:
        RulebookError: there is no such preset or file, or it is not a rulebook; every problem in it is listed.
    """
    name = str(rulebook)
    if isinstance(rulebook, Path) or name.endswith(".toml"):
        try:
            return read_rulebook(Path(name).read_text(encoding="utf-8-sig"), name)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise RulebookError(f"{name}: the rulebook cannot be read ({why}). Check its path and encoding.") from None
    known = preset_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RulebookError(
            f"There is no preset {name!r}.{hint} Presets: {', '.join(known)}; a file must end in .toml."
        )
    return read_rulebook(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"), f"preset {name}")
