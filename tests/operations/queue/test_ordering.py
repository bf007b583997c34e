from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadml.operations.queue.ordering import Task, day_lists

TASKS = st.lists(
    st.builds(
        Task,
        lead_id=st.from_regex(r"L[0-9]{3}", fullmatch=True),
        who=st.sampled_from([None, "Ann", "Bob"]),
        expected_value=st.sampled_from([0.0, 1.0, 1.5, 2.0]),
        row=st.just({}),
    ),
    unique_by=lambda task: task.lead_id,
    max_size=30,
)


@given(tasks=TASKS, capacity=st.integers(1, 5), order=st.randoms(use_true_random=False))
def test_lists_hold_the_most_valuable_under_capacity_in_an_order_that_no_order_of_rows_decides(
    tasks, capacity, order
) -> None:
    lists = day_lists(tasks, lambda who: capacity)
    mixed = list(tasks)
    order.shuffle(mixed)
    assert day_lists(mixed, lambda who: capacity) == lists
    for who, kept in lists.items():
        own = [task for task in tasks if task.who == who]
        assert len(kept) == min(capacity, len(own))
        keys = [(-task.expected_value, task.lead_id) for task in kept]
        assert keys == sorted(keys)
        least = min(task.expected_value for task in kept)
        assert all(task.expected_value <= least for task in own if task not in kept)
    assert {task.who for task in tasks} == set(lists)


def test_capacity_is_each_ones_own_and_the_leads_of_nobody_come_last() -> None:
    tasks = [Task(f"L{n}", who, float(n), {}) for n, who in enumerate([None, "Bob", "Ann", "Ann", "Bob", None])]
    lists = day_lists(tasks, lambda who: 2 if who == "Ann" else 1)
    assert [(who, [task.lead_id for task in own]) for who, own in lists.items()] == [
        ("Ann", ["L3", "L2"]),
        ("Bob", ["L4"]),
        (None, ["L5"]),
    ]
