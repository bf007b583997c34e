"""Rules and model from twenty leads to ten thousand: together never worse than the better of both."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.features import build_snapshots
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.rules import Names, load_rulebook, map_rulebook
from leadml.training.fit import fit_scorer
from leadml.training.rules_weight import RulesPrior, fit_rules_weight
from leadml.training.sample import Sample, base_log_odds, log_loss
from leadml.training.split import account_codes, split_newest

LEAK = "onboarding_manager"
MARGIN = 0.005
STATED = {"base_rate": 0.2, "points_that_double_odds": 40.0}


class Company:
    """Snapshots of a demo company without its leak: an older part to draw from, the newest one to be judged on."""

    def __init__(self, folder, leads, seed):
        database, config = folder / f"{seed}.sqlite", folder / f"{seed}.toml"
        write_company(database, leads=leads, seed=seed)
        write_settings(propose(f"sqlite:///{database}"), config)
        project = Project(load_settings(config))
        tables, choices = project.read(), project.choices()
        tables = replace(
            tables,
            attributes=tuple(name for name in tables.attributes if name != LEAK),
            history=tables.history.filter(pc.not_equal(tables.history["field"], LEAK)),
        )
        snapshots = build_snapshots(tables, intent_types=choices.intent_types)
        snapshots = snapshots.take(np.flatnonzero(np.isfinite(snapshots.label)))
        split = split_newest(snapshots.order, snapshots.account_id, gap=snapshots.horizon_days)
        self.horizon = snapshots.horizon_days
        self.older, self.newest = snapshots.take(split.train), snapshots.take(split.test)
        self.rulebook, _ = map_rulebook(load_rulebook("bant"), Names(tables.attributes, tables.answers), advice="")

    def some(self, leads, seed):
        """The snapshots of whole accounts drawn by lot until there are so many leads."""
        accounts = account_codes(self.older.account_id)
        _, first = np.unique(account_codes(self.older.lead_id), return_index=True)
        of_account = np.bincount(accounts[first], minlength=accounts.max() + 1)
        drawn = np.random.default_rng(seed).permutation(len(of_account))
        drawn = drawn[: np.searchsorted(np.cumsum(of_account[drawn]), leads) + 1]
        return self.older.take(np.flatnonzero(np.isin(accounts, drawn)))

    def losses(self, part, **rules):
        """Log loss on the newest part of the base rate, the rules, the model, both, and both with rules as stated."""
        stated = RulesPrior.stated(self.rulebook, **STATED)
        served = {"model": {}, "both": {"rulebook": self.rulebook}}
        served["both, stated"] = {"rulebook": self.rulebook, "prior": stated}
        found = {"base rate": np.zeros(len(self.newest.label)) + base_log_odds(_bare(part)), "rules": self._ruled(part)}
        for name, given in served.items():
            fitted = fit_scorer(
                part.features,
                part.columns,
                part.label,
                order=part.order,
                groups=account_codes(part.account_id),
                gap=self.horizon,
                **given,
            )
            found[name] = fitted.scorer.log_odds(self.newest.features)
        return {name: log_loss(self.newest.label, log_odds) for name, log_odds in found.items()}

    def _ruled(self, part):
        points, fresh = (self.rulebook.total(one.features) for one in (part, self.newest))
        fitted = fit_rules_weight(points, part.label, account_codes(part.account_id))
        return base_log_odds(replace(_bare(part), offset=fitted.weight * points)) + fitted.weight * fresh


def _bare(part):
    rows = len(part.label)
    return Sample((), np.zeros((rows, 0), np.uint16), part.label, np.zeros(rows), np.ones(rows))


def curve(folder, *, leads, companies, sizes, draws):
    """Mean log loss by size, printed as a table."""
    found = defaultdict(list)
    for seed in companies:
        company = Company(folder, leads, seed)
        for size in sizes:
            for draw in range(draws if size < 1000 else 1):
                part = company.some(size, draw)
                if 0 < part.label.sum() < len(part.label):
                    found[size].append(company.losses(part))
        print(f"company {seed} done", flush=True)
    means = {size: {name: float(np.mean([one[name] for one in of])) for name in of[0]} for size, of in found.items()}
    for size, losses in means.items():
        print(f"{size} leads ({len(found[size])} draws): " + ", ".join(f"{n} {x:.4f}" for n, x in losses.items()))
    return means


def assert_together_never_worse(means):
    for size, losses in means.items():
        assert losses["both"] <= min(losses["rules"], losses["model"]) + MARGIN, size
        assert losses["both, stated"] <= min(losses["rules"], losses["model"]) + MARGIN, size


def test_with_few_leads_rules_and_model_together_are_no_worse_than_the_better_of_both(tmp_path):
    means = curve(tmp_path, leads=1200, companies=[2], sizes=[20, 60], draws=1)
    assert_together_never_worse(means)
    assert means[20]["both, stated"] < means[20]["base rate"]


@pytest.mark.proof
def test_from_20_to_10_000_leads_rules_and_model_together_are_never_worse_than_the_better_of_both(tmp_path):
    sizes = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
    assert_together_never_worse(curve(tmp_path, leads=30_000, companies=range(1, 6), sizes=sizes, draws=3))
