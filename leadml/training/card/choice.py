"""Which lines a card should have: the ones that say most, one after the other, as many as newer leads confirm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.training.card.rounding import Weighted, fit_weights
from leadml.training.folds import Fold
from leadml.training.sample import row_losses

# A line that the others already say has hardly any variance of its own.
_OWN_SHARE = 1e-4
_HELD_TO = 0.25


def choose_lines(held: Floats, label: Floats, folds: Sequence[Fold], importance: Floats, most: int) -> list[int]:
    """The chosen columns of `held`, in the order in which they were found; at most `most`.

    How many is decided by the log loss of rows that were not learned from.

    Args:
        held: which proposed line holds for which row; shape (rows, lines).
        label: shape (rows,), 1.0 for won.
        folds: (train, judge) pairs of row positions.
        importance: how much each fold counts; shape (folds,).
        most: the most lines there may be.
    """
    losses = np.array([_judged(held, label, fold, most) for fold in folds])
    size = int(np.argmin(np.average(losses, axis=0, weights=importance)))
    return forward_path(held, label, size)[-1][0]


def forward_path(held: Floats, label: Floats, most: int) -> list[tuple[list[int], Weighted]]:
    """Cards of 0, 1, ... up to `most` lines: which columns of `held`, and their weights.

    The next line is the one that is worth most beside those before. Worth is Rao's score statistic: how much the
    log-likelihood would gain to second order, which needs no fit per line.
    """
    cards: list[tuple[list[int], Weighted]] = [([], fit_weights(held[:, :0], label))]
    while len(cards) <= min(most, held.shape[1]):
        chosen, card = cards[-1]
        gains = _gains(held, label, chosen, card)
        if not gains.any():
            break
        chosen = [*chosen, int(np.argmax(gains))]
        cards.append((chosen, fit_weights(held[:, chosen], label)))
    return cards


def _judged(held: Floats, label: Floats, fold: Fold, most: int) -> Floats:
    """Log loss on a fold's judged rows of cards with 0, 1, ... `most` lines; shape (most + 1,)."""
    trained, judged = fold
    cards = forward_path(held[trained], label[trained], most)
    losses = [row_losses(label[judged], card.log_odds(held[judged][:, chosen])).mean() for chosen, card in cards]
    return np.array(losses + losses[-1:] * (most + 1 - len(losses)))


def _gains(held: Floats, label: Floats, chosen: list[int], card: Weighted) -> Floats:
    """What each line would gain beside the chosen ones, 0 where it adds nothing of its own; shape (lines,)."""
    own = held[:, chosen]
    chance = probability(card.log_odds(own))
    weight = chance * (1 - chance)
    base = np.column_stack([np.ones(len(own)), own])
    weighted = base * weight[:, None]
    shared = weighted.T @ held
    alone = weight @ held  # lines are 0 or 1, and so their own squares
    curvature = base.T @ weighted + 1e-9 * np.eye(base.shape[1])
    rest = alone - (shared * np.linalg.solve(curvature, shared)).sum(axis=0)
    slope = (label - chance) @ held
    gains = np.where(rest > _OWN_SHARE * alone, slope**2 / (np.maximum(rest, 0) + _HELD_TO) / 2, 0.0)
    gains[chosen] = 0.0
    return gains
