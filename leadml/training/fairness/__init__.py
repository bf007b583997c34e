"""How a model treats groups of people: who is selected, whether scores keep their word, and what stands in for whom."""

from leadml.training.fairness.facts import fairness_facts

__all__ = ["fairness_facts"]
