"""Whether a promised precision is kept, how much it costs, and where drift breaks it.

    python -m benchmarks.guarantee [--repeats N] [--accounts N]

Accounts of one to six leads that share a deal; each lead has a score of its own. In every repeat a company is drawn,
cutoffs are certified at 95 % confidence, and the promise counts as broken if *any* certified cutoff lies below the
minimum in truth, that is, among so many accounts that their precision is known. `lowest` is broken where the lowest
certified cutoff does. `found` is how often any cutoff is certified, `leads` how many leads the lowest one hands over,
as a share of what the lowest cutoff that keeps the minimum in truth does (the oracle's; median where found).

Under drift the truth changes between what is certified and what the cutoff then meets.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from leadml.predict.encoding import Floats
from leadml.training.cutoffs import OutOfTime
from leadml.training.cutoffs.guarantee import guaranteed

CONFIDENCE = 0.95
_MANY = 200_000  # accounts that tell the truth
_CONTACTS = (0.68, 0.17, 0.07, 0.04, 0.02, 0.02)
_GRID = np.linspace(0.0005, 0.9995, 2_000)
_ENOUGH = 500  # leads above a cutoff, without which its true precision is not known well


@dataclass(frozen=True)
class World:
    """How accounts win and are scored.

    `base` is the mean log-odds of a win and `apart` their deviation between accounts; `noise` is that of a lead's score
    around its account's log-odds, which are stretched by `slope` and moved by `shift` (1 and 0: nothing but noise is
    wrong). `together` says whether leads of an account share its deal, or win one by one.
    """

    name: str
    base: float
    minimum: float
    slope: float = 1.0
    shift: float = 0.0
    noise: float = 0.7
    apart: float = 1.5
    contacts: tuple[float, ...] = _CONTACTS
    together: bool = True

    def draw(self, accounts: int, seed: int) -> OutOfTime:
        """A company of so many accounts, each lead seen once."""
        random = np.random.default_rng(seed)
        count = 1 + random.choice(len(self.contacts), accounts, p=self.contacts)
        account = np.repeat(np.arange(accounts), count)
        true = self.base + random.normal(0, self.apart, accounts)
        score = expit(self.slope * (true[account] + random.normal(0, self.noise, len(account))) + self.shift)
        won = random.random(accounts)[account] if self.together else random.random(len(account))
        label = (won < expit(true)[account]).astype(float)
        return OutOfTime(score, label, np.arange(len(account)), account, None)

    def truth(self) -> tuple[Floats, Floats]:
        """Precision at each cutoff of the grid (1 where too few leads tell), and the share of leads above it."""
        leads = self.draw(_MANY, 999_999)
        crossed, won = leads.crossings("MQL").counts(_GRID)
        precision = np.where(crossed >= _ENOUGH, won / np.maximum(crossed, 1), 1.0)
        return precision, crossed / len(leads.lead)


WORLDS = (
    World("calibrated but for noise", -2.0, 0.25),
    World("one lead per account", -2.0, 0.25, contacts=(1.0,)),
    World("leads win one by one", -2.0, 0.25, together=False),
    World("low base rate", -3.5, 0.10),
    World("high base rate", -0.5, 0.60),
    World("overconfident scores", -2.0, 0.25, slope=2.0),
    World("scores too high", -2.0, 0.25, shift=1.0),
    World("scores too low", -2.0, 0.25, shift=-1.0),
    World("scores that tell nothing", -2.0, 0.25, noise=20.0),
)
DRIFTS = (
    *((f"base rate falls by {fall:g} in log-odds", {"base": -2.0 - fall}) for fall in (0.1, 0.2, 0.3, 0.5, 1.0)),
    *((f"scores decay: noise {noise:g} instead of 0.7", {"noise": noise}) for noise in (0.8, 1.0, 1.5, 2.5)),
)


@dataclass(frozen=True)
class Kept:
    """Shares of repeats, and the median share of the oracle's leads."""

    kept: float
    lowest_kept: float
    found: float
    leads: float


def certified(world: World, accounts: int, seed: int) -> Floats:
    """The cutoffs certified for one company."""
    leads = world.draw(accounts, seed)
    crossings = leads.crossings("MQL")
    candidates = crossings.candidates(0.0)
    return candidates[guaranteed(crossings, leads.account, candidates, minimum=world.minimum, confidence=CONFIDENCE)]


def kept(found: list[Floats], minimum: float, precision: Floats, share: Floats) -> Kept:
    """How often the certified cutoffs of some companies keep the minimum where precision is as on the grid."""
    below = np.flatnonzero(precision < minimum)
    oracle = share[min(below[-1] + 1, len(share) - 1)] if len(below) else 1.0
    some = [cutoffs for cutoffs in found if len(cutoffs)]
    worst = np.array([np.interp(cutoffs, _GRID, precision).min() for cutoffs in some])
    lowest = np.array([np.interp(cutoffs[0], _GRID, precision) for cutoffs in some])
    reached = [np.interp(cutoffs[0], _GRID, share) / max(oracle, 1e-12) for cutoffs in some]
    return Kept(
        1 - float((worst < minimum).sum()) / len(found),
        1 - float((lowest < minimum).sum()) / len(found),
        len(some) / len(found),
        float(np.median(reached)) if some else np.nan,
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--accounts", type=int, nargs="*", default=[300, 1_500])
    asked = parser.parse_args()
    print("| accounts | world | minimum | kept | of the lowest | found | leads |\n|---:|---|---:|---:|---:|---:|---:|")
    for accounts in asked.accounts:
        for world in WORLDS:
            found = [certified(world, accounts, seed) for seed in range(asked.repeats)]
            _print(accounts, world.name, world.minimum, kept(found, world.minimum, *world.truth()))
            if world is not WORLDS[0]:
                continue
            for name, change in DRIFTS:
                later = replace(world, **change)
                _print(accounts, name, world.minimum, kept(found, world.minimum, *later.truth()))


def _print(accounts: int, name: str, minimum: float, one: Kept) -> None:
    shares = f"{one.kept:.1%} | {one.lowest_kept:.1%} | {one.found:.1%} | {one.leads:.0%}"
    print(f"| {accounts:,} | {name} | {minimum:.2f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
