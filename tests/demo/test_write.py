from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing

import pytest

from leadml.demo import law, write_company
from leadml.errors import SourceError

TABLES = ("accounts", "leads", "activities", "field_history")
SOUND = "lead_id LIKE 'L%'"


def content(path):
    with closing(sqlite3.connect(path)) as database:
        return {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def count(database, query):
    return database.execute(f"SELECT count(*) FROM {query}").fetchone()[0]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_company(tmp_path / name, leads=150, seed=seed)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert content(tmp_path / "a")["leads"] != content(tmp_path / "c")["leads"]


def test_asking_for_the_truth_changes_no_row(company, tmp_path):
    write_company(tmp_path / "plain", leads=4_000, seed=3)
    assert content(tmp_path / "plain") == content(company.path)


def test_a_larger_company_begins_with_the_smaller_one(tmp_path):
    write_company(tmp_path / "small", leads=1_700)
    write_company(tmp_path / "large", leads=2_300)
    small, large = content(tmp_path / "small"), content(tmp_path / "large")
    first_block = 1_000  # leads; the last account of the smaller company may lose contacts
    for table in ("leads", "accounts"):
        assert small[table][:first_block] == large[table][:first_block]


def test_the_summary_counts_what_was_written(company):
    summary, leads = company.summary, company.leads
    assert summary.leads == 4_000 == summary.won + summary.lost + summary.open
    assert count(leads, f"(SELECT DISTINCT lead_id FROM leads WHERE {SOUND})") == 4_000
    rows = sum(count(leads, table) for table in TABLES)
    sound = summary.leads + summary.accounts + summary.activities + summary.history
    assert rows == sound + summary.dirt
    assert count(company.truth, "truth") == summary.truth
    assert count(leads, "(SELECT DISTINCT account_id FROM leads WHERE account_id LIKE 'A%')") == summary.accounts


def test_won_lost_and_open_are_in_realistic_proportion(company):
    summary = company.summary
    assert 0.12 < summary.won / (summary.won + summary.lost) < 0.25
    assert 0.05 < summary.open / summary.leads < 0.25
    assert 1.3 < summary.leads / summary.accounts < 2.0


def test_contacts_of_one_account_share_the_outcome_and_the_closing(company):
    outcomes = company.leads.execute(
        f"SELECT count(DISTINCT lower(status) || ifnull(closed_at, '')) FROM leads WHERE {SOUND} GROUP BY account_id"
    )
    assert {n for (n,) in outcomes} == {1}


def test_the_planted_leak_is_filled_if_and_only_if_the_deal_is_won(company):
    filled = company.leads.execute(
        f"SELECT lower(status), onboarding_manager IS NOT NULL, count(*) FROM leads WHERE {SOUND} GROUP BY 1, 2"
    )
    assert {(status, bool(full)) for status, full, _ in filled} == {("won", True), ("lost", False), ("open", False)}


def test_everything_happens_after_the_creation_and_before_the_closing_and_today(company):
    sound = f"(SELECT DISTINCT lead_id, created_at, closed_at FROM leads WHERE {SOUND}) AS l"
    for table, time, bad in (("activities", "occurred_at", "2024-13%"), ("field_history", "changed_at", "2025-02-30%")):
        joined = f"{table} AS t JOIN {sound} ON l.lead_id = t.lead_id WHERE t.{time} NOT LIKE '{bad}'"
        assert count(company.leads, joined) > 3_000
        assert count(company.leads, f"{joined} AND t.{time} < l.created_at") == 0
        assert count(company.leads, f"{joined} AND t.{time} >= ifnull(l.closed_at, '2025-12-29')") == 0
    assert count(company.leads, f"{sound} WHERE closed_at <= created_at OR created_at >= '2025-12-29'") == 0


def test_won_leads_ask_for_more_demos_than_lost_ones_do(company):
    per_lead = dict(
        company.leads.execute(
            "SELECT lower(status), 1.0 * count(a.lead_id) / count(DISTINCT l.lead_id) FROM leads AS l"
            " LEFT JOIN activities AS a ON a.lead_id = l.lead_id AND a.type = 'demo_request' GROUP BY 1"
        ).fetchall()
    )
    assert per_lead["won"] > 2 * per_lead["lost"]


def test_current_answers_are_the_last_ones_in_the_history(company):
    for question in law.QUESTIONS:
        last = (
            f"SELECT value FROM field_history AS h WHERE h.lead_id = l.lead_id AND field = '{question}'"
            " AND changed_at NOT LIKE '2025-02-30%' ORDER BY changed_at DESC LIMIT 1"
        )
        assert count(company.leads, f"leads AS l WHERE {SOUND} AND ({last}) IS NOT l.{question}") == 0
        assert count(company.leads, f"leads WHERE {question} IS NULL") > 800


def test_a_contact_has_one_answer_to_a_question_at_a_time(company):
    twice = "field_history WHERE lead_id LIKE 'L%' GROUP BY lead_id, field, changed_at HAVING count(*) > 1"
    rows = company.leads.execute(f"SELECT changed_at FROM {twice}").fetchall()
    assert all(changed_at.startswith("2025-02-30") for (changed_at,) in rows)


def test_every_kind_of_dirt_is_there_and_there_is_little_of_it(company):
    for dirt in (
        "leads GROUP BY lead_id HAVING count(*) > 1",
        "leads WHERE created_at = '2024-02-31T10:00:00'",
        "leads WHERE created_at LIKE '0202%'",
        "leads WHERE closed_at < created_at",
        "leads WHERE deal_value < 0",
        "leads WHERE company_size = 'inf'",
        "leads WHERE company_size = 'many'",
        "leads WHERE status != lower(status)",
        "leads WHERE country = upper(country) OR country = lower(country)",
        "activities WHERE lead_id NOT IN (SELECT lead_id FROM leads)",
        "activities WHERE occurred_at LIKE '2024-13%'",
        "field_history WHERE lead_id NOT IN (SELECT lead_id FROM leads)",
        "field_history WHERE changed_at LIKE '2025-02-30%'",
    ):
        assert company.leads.execute(f"SELECT 1 FROM {dirt}").fetchone(), dirt
    rows = sum(count(company.leads, table) for table in TABLES)
    assert company.summary.dirt < 0.015 * rows
    assert count(company.leads, "leads WHERE fax IS NOT NULL") == 0


def test_memory_does_not_grow_with_the_number_of_leads(tmp_path):
    def peak(leads):
        tracemalloc.start()
        write_company(tmp_path / "company", leads=leads)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(6_000) < 1.3 * peak(2_500)


def test_progress_is_reported_to_the_end(tmp_path):
    lines = []
    write_company(tmp_path / "company", leads=1_600, progress=lines.append)
    assert lines[-1] == "1,600 of 1,600 leads"


def test_one_lead_is_a_company(tmp_path):
    assert write_company(tmp_path / "company", leads=1, truth=tmp_path / "truth").leads == 1


def test_a_write_that_fails_leaves_the_old_files_and_no_others(tmp_path):
    company, truth = tmp_path / "company", tmp_path / "truth"
    company.write_text("old company")
    truth.write_text("old truth")

    def fail(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_company(company, leads=10, truth=truth, progress=fail)
    assert (company.read_text(), truth.read_text()) == ("old company", "old truth")
    assert sorted(tmp_path.iterdir()) == [company, truth]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"Cannot write .*nowhere.*Check that the folder exists"):
        write_company(tmp_path / "nowhere" / "company.db", leads=10)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"leads": 0}, "at least 1 lead, got 0"), ({"seed": -1}, "seed .* must be 0 or above, got -1")],
)
def test_impossible_numbers_are_refused(tmp_path, wrong, message):
    with pytest.raises(SourceError, match=message):
        write_company(tmp_path / "company", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_company_and_truth_need_two_files(tmp_path):
    with pytest.raises(SourceError, match=r"cannot both be .*company.*another name"):
        write_company(tmp_path / "company", truth=tmp_path / "company")
