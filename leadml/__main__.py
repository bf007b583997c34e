"""The command line's entry: says which extra is missing instead of a stack trace."""

from __future__ import annotations

import sys

from leadml.errors import MissingExtraError, naming_the_extra


def main() -> None:
    """Run the `leadml` command."""
    try:
        with naming_the_extra("The command line"):
            from leadml.cli import run
    except MissingExtraError as error:
        print(f"leadml: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(run())


if __name__ == "__main__":
    main()
