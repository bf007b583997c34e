"""What a key of leadml.toml may hold: types, the words that say so, and how a key is declared."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def key(document: str, allowed: str, default: Any = ...) -> Any:
    """Declare a key: what it means, what may stand there, and its default (... = required)."""
    return Field(default, description=document, json_schema_extra={"allowed": allowed})


def _values_as_text(given: object) -> object:
    """TOML writers state `won = [1]` or `won = [true]`; outcomes are compared as text."""
    if not isinstance(given, list):
        return given
    return [str(v).lower() if isinstance(v, bool) else str(v) if isinstance(v, int) else v for v in given]


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError as unknown:
        raise ValueError(name) from unknown
    return name


def _descending(bounds: tuple[float, float, float]) -> tuple[float, float, float]:
    if not bounds[0] > bounds[1] > bounds[2]:
        raise ValueError(bounds)
    return bounds


Text = Annotated[str, Field(strict=True, min_length=1)]
Texts = tuple[Text, ...]
Whole = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Between = Annotated[float, Field(strict=True, gt=0, lt=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Workable = Literal["raw", "MQL", "SAL", "SQL", "PQL", "opportunity", "recycled"]
Switch = Annotated[bool, Field(strict=True)]
OutcomeValues = Annotated[Texts, BeforeValidator(_values_as_text)]
Encoding = Annotated[Text, AfterValidator(_known_encoding)]
Descending = Annotated[tuple[Positive, Positive, Positive], AfterValidator(_descending)]
Probabilities = Annotated[tuple[Between, Between, Between], AfterValidator(_descending)]

A_TEXT = "a text in quotes"
A_COLUMN = "the name of a column, in quotes"
COLUMNS = 'a list of column names, such as ["Tags", "Owner note"]'
A_NUMBER = "a whole number, 1 or more"
A_SHARE = "a number from 0 to 1"
A_SWITCH = "true or false"
WORKABLE = ", ".join(f'"{stage}"' for stage in get_args(Workable))


class Section(BaseModel):
    """A table of leadml.toml: no key that is not named, and nothing that changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
