"""What leads that a scorer was wrong about have in common, beyond what like scores have and beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from leadml.predict.encoding import MISSING, Codes, Feature, Floats
from leadml.training.folds import Rows
from leadml.training.split import Mask

FEWEST = 10  # leads that something must be true of to be said of all
_LEVEL = 0.05
_MOST = 5
_SCORE_BANDS = 10
_NUMBER_BANDS = 4


@dataclass(frozen=True)
class _Trait:
    """Rows whose `code` lies from `first` to `last`; which these are is worked out anew each time, to spare memory."""

    feature: str
    text: str
    code: Codes
    first: int
    last: int

    @property
    def has(self) -> Mask:
        return (self.code >= self.first) & (self.code <= self.last)


def in_common(
    features: Sequence[Feature],
    codes: Sequence[Codes],
    probability: Floats,
    wrong: Mask,
    account: Rows,
    listed: Mask,
) -> list[dict[str, Any]]:
    """What is true of the wrong rows more often than of others of like score.

    Rows are compared within tenths of the score. The test of each trait is the score test of Cochran (1954) and Mantel
    and Haenszel (1959), with a variance from whole accounts, which hold rows that are not independent; what is kept
    stands at 5 % over all traits together (Holm 1979). A number's trait is one of its bands of about a quarter of the
    rows, and of several traits of one feature the surest is said.

    Args:
        features: what rows are described by.
        codes: codes of each feature, each of shape (rows,).
        probability: of each row.
        wrong: which rows the scorer was wrong about.
        account: the account of each row.
        listed: which rows stand for a lead of its own, where leads have several.

    Returns:
        The surest first: "feature", "what" (in words), "count" of leads it is true of, "of" the wrong leads, "share" of
        the wrong rows, "among_others" (its share among the other rows of like score) and "p".
    """
    if wrong.all() or not wrong.any():
        return []
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, _SCORE_BANDS + 1)[1:-1]))
    band = np.searchsorted(edges, probability, side="right")
    account = np.unique(account, return_inverse=True)[1]
    traits = [
        trait
        for feature, code in zip(features, codes, strict=True)
        for trait in _traits(feature, code)
        if (trait.has & wrong & listed).sum() >= FEWEST
    ]
    chances = np.array([_chance(trait.has, wrong, band, account) for trait in traits])
    kept, said = [], set()
    for rank, place in enumerate(np.argsort(chances, kind="stable")):
        trait = traits[place]
        if chances[place] > _LEVEL / (len(traits) - rank):
            break
        if trait.feature not in said:
            said.add(trait.feature)
            kept.append(_told(trait, float(chances[place]), wrong, band, listed))
    return kept[:_MOST]


def _traits(feature: Feature, code: Codes) -> Iterator[_Trait]:
    """What a feature may say of a row."""
    present = np.unique(code)
    # One by one: np.split cannot cut nothing, and a feature may be missing in every row.
    runs = [present[present == MISSING], *present[present != MISSING][:, None]]
    if feature.kind == "number":
        runs = [present[present == MISSING], *_bands(code[code != MISSING])]
    for run in runs:
        if len(run):
            first, last = int(run[0]), int(run[-1])
            yield _Trait(feature.name, feature.say([feature.words(first, last)]), code, first, last)


def _bands(code: Codes) -> list[Codes]:
    """Neighbouring codes in bands of about a quarter of the rows each."""
    present, counts = np.unique(code, return_counts=True)
    if not len(present):
        return []
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    of = np.minimum((middle * _NUMBER_BANDS).astype(int), _NUMBER_BANDS - 1)
    return [present[of == number] for number in range(_NUMBER_BANDS)]


def _chance(has: Mask, wrong: Mask, band: Rows, account: Rows) -> float:
    """How likely so much more of a trait among the wrong rows is by chance (one-sided)."""
    pulls = _from_mean(wrong, band) * _from_mean(has, band)
    by_account = np.bincount(account, weights=pulls)
    error = float(np.sqrt(by_account @ by_account))
    return 1 - NormalDist().cdf(float(pulls.sum()) / error) if error else 1.0


def _from_mean(mask: Mask, band: Rows) -> Floats:
    """Each row's value less the mean of its band."""
    means = np.bincount(band, weights=mask) / np.maximum(np.bincount(band), 1)
    away: Floats = mask - means[band]
    return away


def _told(trait: _Trait, chance: float, wrong: Mask, band: Rows, listed: Mask) -> dict[str, Any]:
    weight = np.bincount(band, weights=wrong)
    others = np.bincount(band, weights=~wrong)
    having = np.bincount(band, weights=trait.has & ~wrong)
    like = others > 0
    rate = float((weight[like] * having[like] / others[like]).sum() / weight[like].sum()) if like.any() else None
    return {
        "feature": trait.feature,
        "what": trait.text,
        "count": int((trait.has & wrong & listed).sum()),
        "of": int((wrong & listed).sum()),
        "share": float(trait.has[wrong].mean()),
        "among_others": rate,
        "p": chance,
    }
