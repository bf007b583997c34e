"""The public lead sets, read and split by one protocol, so that figures compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]

# Filled in by staff or a vendor after the outcome, or telling it by being missing; and the two ids.
_X_EDUCATION_HINDSIGHT = (
    *("Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"),
    *("Asymmetrique Activity Index", "Asymmetrique Profile Index"),
    *("Asymmetrique Activity Score", "Asymmetrique Profile Score"),
    *("What is your current occupation", "What matters most to you in choosing a course", "Specialization"),
    *("How did you hear about X Education", "Country", "City", "Prospect ID", "Lead Number"),
)


@dataclass(frozen=True)
class Task:
    """Leads with outcomes, and which rows train and test; `time` is None where there is none."""

    name: str
    leads: pd.DataFrame
    won: Array
    time: Array | None
    train: Array
    test: Array


def salvirt(folder: Path) -> Iterator[Task]:
    """448 B2B software deals; three splits that keep equal rows together."""
    leads = pd.read_csv(folder / "salvirt-b2b" / "Salvirt_B2B_ML_dataset_HF.csv", sep=";", keep_default_na=False)
    won = (leads.pop("Status") == "Won").to_numpy()
    pattern = leads.astype(str).agg("|".join, axis=1).factorize()[0]
    count = pattern.max() + 1
    for seed in range(3):
        tested = np.isin(pattern, np.random.default_rng(seed).permutation(count)[: int(0.25 * count)])
        yield Task("salvirt", leads, won, None, np.flatnonzero(~tested), np.flatnonzero(tested))


def xeducation(folder: Path) -> Iterator[Task]:
    """9,240 leads of an online school, oldest 80 % for training; columns known to leak are left out."""
    leads = pd.read_csv(folder / "xeducation-leads" / "Leads.csv").sort_values("Lead Number", ignore_index=True)
    time = leads["Lead Number"].to_numpy(dtype=float)
    won = leads.pop("Converted").to_numpy() == 1
    kept = leads.drop(columns=list(_X_EDUCATION_HINDSIGHT)).replace("Select", np.nan)
    yield _oldest_train("xeducation", kept, won, time)


def bank(folder: Path) -> Iterator[Task]:
    """41,188 calls of a bank in order of time; the rate of wins rises from 3 % to 46 %."""
    leads, won = _bank(folder)
    yield _oldest_train("bank", leads, won, np.arange(len(leads), dtype=float))


def bank_random(folder: Path) -> Iterator[Task]:
    """The same calls, split at random."""
    leads, won = _bank(folder)
    shuffled = np.random.default_rng(0).permutation(len(leads))
    cut = int(0.8 * len(leads))
    yield Task("bank_random", leads, won, None, shuffled[:cut], shuffled[cut:])


TASKS: dict[str, Callable[[Path], Iterator[Task]]] = {
    "salvirt": salvirt,
    "xeducation": xeducation,
    "bank": bank,
    "bank_random": bank_random,
}


def _bank(folder: Path) -> tuple[pd.DataFrame, Array]:
    leads = pd.read_csv(folder / "uci-bank-marketing" / "bank-additional-full.csv", sep=";").drop(columns="duration")
    won = (leads.pop("y") == "yes").to_numpy()
    return leads, won


def _oldest_train(name: str, leads: pd.DataFrame, won: Array, time: Array) -> Task:
    cut = int(0.8 * len(leads))
    return Task(name, leads, won, time, np.arange(cut), np.arange(cut, len(leads)))
