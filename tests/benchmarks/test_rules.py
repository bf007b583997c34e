from __future__ import annotations

from benchmarks.rules import make_leads, make_rulebook


def test_sixty_rules_are_asked_of_every_lead() -> None:
    leads, book = make_leads(20_000), make_rulebook()
    assert sum(len(dimension.rules) for dimension in book.dimensions) == 60
    assert set(book.columns) == set(leads.column_names)
    points = book.points(leads)
    assert len(points) == len(book.dimensions)
    assert all(len(set(of_one.tolist())) > 1 for of_one in points.values())
