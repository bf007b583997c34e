"""The command line: parse, call one function, print, exit.

Exit codes: 0 done; 1 a bug in leadml; 2 something the user can mend (the message says what, where and how);
130 interrupted. Results go to standard output, progress and messages to standard error.
"""

from __future__ import annotations

from leadml.cli.app import run

__all__ = ["run"]
