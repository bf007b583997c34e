import numpy as np
import pyarrow as pa
import pytest

from leadml.training.audit.auditing import audit_leads
from leadml.training.findings import columns_left_out

DAY = 86_400_000_000


class Company:
    """Honest leads: 3,000 of them, half still open, one good attribute and one poor, plus what a test plants."""

    def __init__(self, n=3000, seed=0):
        random = np.random.default_rng(seed)
        self.random, self.n = random, n
        self.fit = random.normal(size=n)
        wins = random.random(n) < 1 / (1 + np.exp(1.2 - self.fit))
        still = random.random(n) < 0.5
        self.won, self.lost, self.open = wins & ~still, ~wins & ~still, still
        self.outcome = np.where(still, None, np.where(wins, "won", "lost"))
        self.columns = {"fit": self.fit, "source": random.choice(["web", "fair", "call"], n)}
        self.ids = pa.array([f"lead {i}" for i in range(n)])
        self.closed_day = np.where(still, -1, random.integers(100, 200, n))

    def text(self, filled, value="yes"):
        return pa.array([value if here else None for here in filled])

    def closed_at(self):
        return pa.array([None if day < 0 else int(day) * DAY for day in self.closed_day], pa.timestamp("us"))

    def history(self, field, rows, days):
        return pa.table(
            {
                "lead_id": self.ids.take(pa.array(rows)),
                "field": [field] * len(rows),
                "value": ["x"] * len(rows),
                "changed_at": pa.array((np.asarray(days) * DAY).astype(np.int64), pa.timestamp("us")),
            }
        )

    def audit(self, **more):
        table = pa.table(self.columns)
        return {f.column: f for f in audit_leads(table, table.column_names, self.outcome, lead_id=self.ids, **more)}


def test_honest_leads_raise_no_finding():
    assert Company().audit() == {}


def test_a_column_filled_only_for_won_leads_is_proven_with_its_counts():
    company = Company()
    planted = company.won & (company.random.random(company.n) < 0.9)
    company.columns["onboarding_manager"] = company.text(planted)
    finding = company.audit()["onboarding_manager"]
    assert (finding.code, finding.level) == ("L001", "warning")
    assert f"filled for {planted.sum()} of {company.won.sum()} won leads" in finding.message
    assert f"none of {company.open.sum()} open ones" in finding.message
    assert "is left out. Settle it by excluding it" in finding.advice
    assert 'onboarding_manager = "created"' in finding.advice


def test_a_reason_for_losing_is_proven_too():
    company = Company()
    company.columns["lost_reason"] = company.text(company.lost)
    assert company.audit()["lost_reason"].code == "L001"


def test_a_single_open_lead_with_a_value_stops_the_proof():
    company = Company()
    filled = company.won.copy()
    filled[np.flatnonzero(company.open)[0]] = True
    company.columns["manager"] = company.text(filled)
    assert company.audit()["manager"].level == "warning"


def test_few_open_leads_prove_nothing():
    company = Company()
    company.columns["manager"] = company.text(company.won)
    keep = company.won | company.lost | (np.cumsum(company.open) <= 15)
    table = pa.table(company.columns).filter(pa.array(keep))
    findings = audit_leads(table, table.column_names, company.outcome[keep])
    assert [f.level for f in findings] == ["warning"]


def test_an_excellent_sign_that_open_leads_share_is_never_proven():
    for seed in range(20):
        company = Company(seed=seed)
        wins_later = company.random.random(company.n) < 1 / (1 + np.exp(1.2 - company.fit))
        will_win = company.won | (company.open & wins_later)
        company.columns["asked_for_contract"] = company.text(will_win & (company.random.random(company.n) < 0.3))
        assert all(not finding.code.startswith("L0") for finding in company.audit().values())


def test_values_recorded_only_after_closing_are_proven_by_the_history():
    company = Company()
    closed = np.flatnonzero(company.won | company.lost)
    company.columns["survey"] = company.text(~company.open)
    history = company.history("survey", closed, company.closed_day[closed] + 3)
    finding = company.audit(history=history, closed_at=company.closed_at())["survey"]
    assert (finding.code, finding.level) == ("L002", "warning")
    assert f"All {len(closed)} values" in finding.message


@pytest.mark.parametrize("spoiler", ["one value before closing", "one open lead", "written in one import"])
def test_the_history_proves_nothing_where_one_value_could_have_been_known(spoiler):
    company = Company()
    rows = np.flatnonzero(company.won | company.lost)
    days = company.closed_day[rows] + 3
    if spoiler == "one value before closing":
        days[0] -= 10
    elif spoiler == "one open lead":
        rows[0] = np.flatnonzero(company.open)[0]
    else:
        days[:] = 500
    company.columns["survey"] = company.text(~company.open)
    found = company.audit(history=company.history("survey", rows, days), closed_at=company.closed_at())
    assert "survey" not in found or found["survey"].level == "warning"


def test_answers_on_record_before_closing_are_honest_however_telling():
    company = Company()
    answered = company.won & (company.random.random(company.n) < 0.9)
    answered |= company.lost & (company.random.random(company.n) < 0.2)
    answered |= company.open & (company.random.random(company.n) < 0.2)
    company.columns["budget"] = company.text(answered)
    assert company.audit()["budget"].code == "L101"
    rows = np.flatnonzero(answered)
    history = company.history("budget", rows, np.where(company.open[rows], 50, company.closed_day[rows] - 20))
    assert company.audit(history=history, closed_at=company.closed_at()) == {}


def test_a_column_that_gives_the_outcome_away_is_suspected_and_kept():
    company = Company()
    company.columns["call_length"] = company.won * 3 + company.random.normal(size=company.n)
    finding = company.audit()["call_length"]
    assert (finding.code, finding.level) == ("L101", "warning")
    assert "alone it has an AUC of 0.9" in finding.message


def test_a_gap_in_fill_rates_is_suspected():
    company = Company()
    filled = np.where(company.won, 0.9, 0.55) > company.random.random(company.n)
    company.columns["occupation"] = company.text(filled)
    finding = company.audit()["occupation"]
    assert finding.code == "L102"
    assert "of the won and" in finding.message


def test_values_that_belong_to_one_outcome_are_suspected():
    company = Company()
    values = company.random.choice(["a", "b", "c", "d"], company.n).astype(object)
    values[company.lost & (company.random.random(company.n) < 0.15)] = "no answer"
    values[company.won & (company.random.random(company.n) < 0.5)] = "x" * 300
    company.columns["note"] = pa.array(values)
    finding = company.audit()["note"]
    assert "nearly one outcome" in finding.message
    assert len(finding.message) < 400


def test_a_telling_name_needs_evidence():
    company = Company()
    telling = company.won * 0.8 + company.random.normal(size=company.n)
    company.columns |= {"DealStage": telling, "region": telling, "last_status": company.random.normal(size=company.n)}
    company.columns |= {"call duration": telling, "previousoutcome": telling, "stages": telling}
    found = company.audit()
    assert {column: finding.code for column, finding in found.items()} == {"DealStage": "L104", "call duration": "L104"}
    assert "('Deal')" in found["DealStage"].message


def test_a_column_that_only_follows_the_calendar_is_not_suspected_where_time_is_known():
    random = np.random.default_rng(4)
    n = 4000
    time = np.sort(random.random(n))
    outcome = np.where(random.random(n) < 1 / (1 + np.exp(-14 * (time - 0.6))), "won", "lost")
    table = pa.table({"interest_rate": -time, "other": random.normal(size=n), "more": random.normal(size=n)})
    assert [f.code for f in audit_leads(table, table.column_names, outcome)] == ["L101"]
    assert audit_leads(table, table.column_names, outcome, order=time) == []


def test_what_told_once_and_tells_no_longer_is_not_suspected_where_time_is_known():
    random = np.random.default_rng(6)
    n = 4000
    time = np.arange(n, dtype=float)
    won = random.random(n) < 0.4
    told = np.where(time < n / 3, won * 4.0, 0) + random.normal(size=n)
    table = pa.table({"told": told, "tells": won * 4.0 + random.normal(size=n), "other": random.normal(size=n)})
    found = audit_leads(table, table.column_names, np.where(won, "won", "lost"), order=time)
    assert [finding.column for finding in found] == ["tells"]
    assert "learned on older leads, judged on newer ones" in found[0].message


def test_a_form_field_that_came_with_better_times_is_no_gap_in_fill_rates():
    random = np.random.default_rng(7)
    n = 4000
    time = np.sort(random.random(n))
    won = random.random(n) < np.where(time > 0.5, 0.7, 0.2)
    filled = (time > 0.5) & (random.random(n) < 0.9)
    table = pa.table({"consent": pa.array(np.where(filled, "yes", None)), "other": random.normal(size=n)})
    outcome = np.where(won, "won", "lost")
    assert "L102" in {finding.code for finding in audit_leads(table, table.column_names, outcome)}
    assert audit_leads(table, table.column_names, outcome, order=time) == []


def test_values_that_speak_of_the_outcome_are_suspected_however_rare():
    company = Company()
    values = company.random.choice(["new", "working", "quoted"], company.n).astype(object)
    values[company.won & (company.random.random(company.n) < 0.1)] = "Closed - signed"
    company.columns["step"] = pa.array(values)
    company.columns["hall"] = pa.array(company.random.choice(["closed on Sundays", "open"], company.n))
    found = company.audit()
    assert set(found) == {"step"}
    assert found["step"].code == "L104"
    assert "such as 'Closed - signed': 100% won of" in found["step"].message


def test_a_running_number_stands_for_time_and_a_number_drawn_by_lot_does_not():
    company = Company()
    created = company.random.permutation(company.n).astype(float)
    company.columns |= {
        "ticket": np.round(7 * created + 1000 + company.random.normal(size=company.n)),
        "voucher": company.random.permutation(company.n) * 13.0,
        "index": created / 7,
    }
    found = company.audit(order=created)
    assert {column: finding.code for column, finding in found.items()} == {"ticket": "L106"}
    assert "runs with time (rank correlation 1.00)" in found["ticket"].message
    company.columns["row"] = -np.arange(company.n, dtype=float)
    assert "runs with the row (rank correlation -1.00)" in company.audit()["row"].message


def staged(company, last):
    """A history of a column: "new" from day 10 on, and what `last` says of each closed lead the day before closing."""
    closed = np.flatnonzero(~company.open)
    rows = np.concatenate([closed, closed])
    days = np.concatenate([np.full(len(closed), 10), company.closed_day[closed] - 1])
    values = pa.array(["new"] * len(closed) + list(last[closed]))
    history = company.history("step", rows, days)
    return history.set_column(history.column_names.index("value"), "value", values)


def test_a_stage_that_moves_with_the_deal_is_suspected_by_what_it_says_early_and_late():
    company = Company()
    created = pa.array([0] * company.n, pa.timestamp("us"))
    slipping = company.random.random(company.n) < 0.1
    moved = np.where(company.won ^ slipping, "quoted", "stalled")
    company.columns["step"] = pa.array(moved)
    times = {"created_at": created, "closed_at": company.closed_at()}
    found = company.audit(history=staged(company, moved), **times)
    assert found["step"].code == "L105"
    assert "as it was just before closing it alone has an AUC of 0.8" in found["step"].message
    assert "a quarter of the way there 0.50" in found["step"].message
    honest = company.random.choice(["quoted", "stalled"], company.n)
    assert company.audit(history=staged(company, honest), **times) == {}


@pytest.mark.parametrize("column", ["onboarding_manager", "call_length"])
def test_a_column_that_the_user_vouches_for_is_kept_with_a_note(column):
    company = Company()
    company.columns["onboarding_manager"] = company.text(company.won)
    company.columns["call_length"] = company.won * 3 + company.random.normal(size=company.n)
    before = company.audit()
    after = company.audit(known_at={column: None, "fit": None})
    assert (after[column].code, after[column].level) == ("L200", "note")
    stays = "It stays: leads.known_at says that it is known when a lead comes in."
    assert after[column].message == f"{before[column].message} {stays}"
    assert after.keys() == before.keys()
    assert columns_left_out(after.values()).keys() == columns_left_out(before.values()).keys() - {column}


def test_a_column_that_the_user_dates_is_not_suspected():
    company = Company()
    company.columns["onboarding_manager"] = company.text(company.won)
    assert company.audit(known_at={"onboarding_manager": "known at since"}) == {}


def test_the_row_order_changes_no_finding():
    company = Company()
    company.columns["onboarding_manager"] = company.text(company.won)
    company.columns["call_length"] = company.won * 3 + company.random.normal(size=company.n)
    first = company.audit()
    shuffled = company.random.permutation(company.n)
    table = pa.table(company.columns).take(pa.array(shuffled))
    second = audit_leads(
        table, table.column_names, company.outcome[shuffled], lead_id=company.ids.take(pa.array(shuffled))
    )
    assert {f.column: f for f in second} == first
