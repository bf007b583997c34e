"""The page's one script: data that cannot leave its element, and a policy that lets run this script and no other."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from markupsafe import Markup

# In a JSON text these can only be inside strings, where JSON lets them be written as escapes. Without "<" no string can
# end the element or start a comment in it; U+2028 and U+2029 are escaped with all else that is not ASCII.
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&"}


def embedded(value: object) -> Markup:
    """`value` as JSON for the inside of a `<script type="application/json">` element, whatever its strings hold."""
    return Markup(json.dumps(value, allow_nan=False, separators=(",", ":")).translate(_ESCAPES))  # noqa: S704


@cache
def script() -> Markup:
    """The script that moves the cutoffs, as it stands in its file."""
    return Markup(Path(__file__).with_name("moving.js").read_text(encoding="utf-8"))  # noqa: S704 - our own file


def policy(script: str | None) -> str:
    """A Content-Security-Policy: no request at all, and no script but the one given (W3C, CSP Level 3, section 2.3.1).

    The script is allowed by the SHA-256 of its text between the tags, to the byte.
    """
    allowed = ["default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'"]
    if script is not None:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        allowed.append(f"script-src 'sha256-{digest}'")
    return "; ".join([*allowed, "form-action 'none'"])
