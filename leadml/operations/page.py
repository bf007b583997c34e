"""`leadml report`: the champion's page, drawn from the facts in its bundle."""

from __future__ import annotations

from pathlib import Path

from leadml.charts import Interaction, Shape
from leadml.errors import SourceError
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.review import rows_of
from leadml.predict import Scorer
from leadml.predict.phrases import joined
from leadml.predict.terms import coarse_words
from leadml.report import render
from leadml.sources import staged


def write_page(project: Project) -> Path:
    """Write the report page of a project's champion, replacing it atomically; returns its path.

    Raises:
        BundleError: there is no champion.
        SourceError: the page cannot be written.
    """
    scorer = load_champion(project.models)
    target = project.settings.path(project.settings.output.report)
    page = render(scorer.facts, shapes(scorer), pairs(scorer), reviewed=rows_of(project, scorer))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(
            f"{target}: its folder cannot be made ({error.strerror}). Choose another output.report."
        ) from None
    with staged(target) as part:
        part.write_text(page, encoding="utf-8")
    return target


def shapes(scorer: Scorer) -> list[Shape]:
    """The score tables to draw, in words, with the number of training snapshots behind each entry.

    A scorer that serves LightGBM itself has none.
    """
    if scorer.trees:
        return []
    density = scorer.facts["density"]
    return [
        Shape(
            feature=feature.name,
            label=feature.label,
            group=feature.group,
            kind=feature.kind,
            texts=[feature.describe(code) for code in range(feature.n_codes)],
            log_odds=table.tolist(),
            rows=density[feature.name],
        )
        for feature, table in zip(scorer.features, scorer.tables.main, strict=True)
    ]


def pairs(scorer: Scorer) -> list[Interaction]:
    """The strongest tables of two features, as the facts name them, with the training snapshots behind each cell."""
    found = []
    for fact in scorer.facts.get("pairs", ()):
        pair = scorer.tables.pairs[fact["pair"]]
        left, right = scorer.features[pair.left], scorer.features[pair.right]
        lefts = map(joined, coarse_words(left, pair.left_map, pair.table.shape[0]))
        rights = map(joined, coarse_words(right, pair.right_map, pair.table.shape[1]))
        effects = pair.table.tolist()
        found.append(Interaction(left.label, right.label, list(lefts), list(rights), effects, fact["rows"]))
    return found
