"""One clear line for whatever goes wrong below a reader."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from leadml.errors import SourceError

__all__ = ["reading"]


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn the faults of files and their formats into a SourceError that names the place."""
    try:
        yield
    except PermissionError:
        raise SourceError(f"{where} may not be read. Ask for the right to read it.") from None
    except UnicodeError as error:
        raise SourceError(f"{where} is not written in the encoding expected ({error}). Give its encoding.") from None
    except (EOFError, zlib.error) as error:
        raise SourceError(f"{where} is damaged or cut short ({_line(error)}). Copy or export it again.") from None
    except (pa.ArrowException, csv.Error, OSError) as error:
        raise SourceError(f"{where} cannot be read ({_line(error)}). Copy or export it again.") from None


def _line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
