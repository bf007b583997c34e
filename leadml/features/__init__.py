"""Features of leads as of a moment: one implementation for training and scoring.

plan.py         what training fixed, so that scoring makes the very same columns
planning.py     the plan that a company's tables call for
spine.py        which lead is looked at when; the only difference between training and scoring
engine.py       DuckDB, and the tables it sees: numbers for ids, types and moments
attributes.py   what was known of a lead
activity.py     what a lead did
account.py      what the lead's account did
rule_counts.py  what a rulebook counts of activities
teams.py        the team of whoever worked a lead
frame.py        the columns side by side
expiry/         until when what a scorer says of a snapshot holds although nothing new happens
censoring.py    how snapshots count that are younger than the horizon
snapshots.py    build_snapshots (training) and snapshots_at (scoring)
"""

from __future__ import annotations

from leadml.features.censoring import Censoring, CensoringRule
from leadml.features.frame import feature_columns
from leadml.features.plan import TEAM, Attribute, FeaturePlan
from leadml.features.planning import make_plan
from leadml.features.snapshots import Snapshots, build_snapshots, leads_at, newest_moment, snapshots_at

__all__ = [
    "TEAM",
    "Attribute",
    "Censoring",
    "CensoringRule",
    "FeaturePlan",
    "Snapshots",
    "build_snapshots",
    "feature_columns",
    "leads_at",
    "make_plan",
    "newest_moment",
    "snapshots_at",
]
