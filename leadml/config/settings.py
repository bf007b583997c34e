"""Every section of leadml.toml: each key with its type, its default, what is allowed, and what it means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from leadml.config.cutoffs import CutoffSettings
from leadml.config.fields import (
    A_COLUMN,
    A_NUMBER,
    A_SHARE,
    A_SWITCH,
    A_TEXT,
    COLUMNS,
    Between,
    Descending,
    Encoding,
    OutcomeValues,
    Positive,
    Probabilities,
    Section,
    Share,
    Switch,
    Text,
    Texts,
    Whole,
    key,
)
from leadml.config.qualification import AccountSettings, LifecycleSettings, QueueSettings, RuleSettings
from leadml.errors import ConfigError
from leadml.schema import CLOSED, CREATED, ActivityColumns, HistoryColumns, LeadColumns


class ProjectSettings(Section):
    """What is being predicted."""

    name: Annotated[Text, Field(pattern=r"^\w[\w .-]*$")] = key(
        "the name of the project: bundles and pages carry it",
        "a text of letters, digits, spaces, dots, - and _",
        "leads",
    )
    horizon_days: Whole = key("the score is the probability that a lead is won within so many days", A_NUMBER, 90)


class SourceSettings(Section):
    """Where the leads live."""

    url: Text = key(
        "a database, a file or a folder of files; paths are relative to this file (password: PGPASSWORD)",
        'a text such as "sqlite:///data/demo.db", "postgresql://ann@host/crm", "data/crm.duckdb" or "data/"',
    )
    delimiter: Annotated[Text, Field(max_length=1)] | None = key(
        "what separates the fields of a CSV file; found out by reading when left out",
        'one character in quotes, such as ";"',
        None,
    )
    encoding: Encoding | None = key(
        "how the text of a CSV file is encoded; found out by reading when left out",
        'the name of an encoding, such as "utf-8" or "utf-16"',
        None,
    )


class LeadSettings(Section):
    """Which column of the lead table plays which role."""

    table: Text | None = key("the table with one row per lead; one file has only one", A_TEXT, None)
    id: Text | None = key("tells leads apart; without it the row number does", A_COLUMN, None)
    created_at: Text | None = key("when the lead came in", A_COLUMN, None)
    outcome: Text = key("says how each lead ended", A_COLUMN)
    won: Annotated[OutcomeValues, Field(min_length=1)] = key(
        "values of the outcome that mean won", 'a list of one or more texts, such as ["won"]'
    )
    lost: OutcomeValues = key(
        'values of the outcome that mean lost; ["*"] = every other value that is not missing',
        'a list of texts, such as ["lost"] or ["*"]',
    )
    closed_at: Text | None = key("when the lead was won or lost", A_COLUMN, None)
    changed_at: Text | None = key(
        "when the row was last written, in UTC; `leadml score --leads changed` goes by it",
        A_COLUMN,
        None,
    )
    account: Text | None = key("the company of the lead; leads of one account are never split", A_COLUMN, None)
    owner: Text | None = key("who works the lead; never learnt from", A_COLUMN, None)
    team: Text | None = key("the team of whoever works the lead; never learnt from", A_COLUMN, None)
    role: Text | None = key("what the person does in the company", A_COLUMN, None)
    deal_value: Text | None = key("what the deal is worth; never learnt from", A_COLUMN, None)
    cost: Text | None = key("what it cost to get the lead; never learnt from", A_COLUMN, None)
    source: Text | None = key("where the lead came from, such as a website or a trade fair", A_COLUMN, None)
    direction: Text | None = key("inbound (they came to us) or outbound (we went to them)", A_COLUMN, None)
    order_by: Text | None = key("a number that grows with time, where there is no created_at", A_COLUMN, None)
    rows_in_time_order: Switch = key("true: the oldest lead is in the first row", A_SWITCH, False)
    missing_values: Texts = key(
        "texts that mean that nothing was filled in", 'a list of texts, such as ["Select", "n/a"]', ()
    )
    personal: Texts = key("e-mail, phone, name: never learnt from, never shown", COLUMNS, ())
    exclude: Texts = key("columns to leave out, such as those filled in after the outcome", COLUMNS, ())
    sensitive: Texts = key(
        "gender, age: kept out of model, rules and reasons, read for the report on fairness alone",
        COLUMNS,
        (),
    )
    answers: dict[str, Text] = key(
        'qualification questions and the columns that hold their answers: budget = "Budget"',
        'lines such as budget = "Budget"',
        {},
    )
    labels: dict[str, Text] = key(
        'names that people read in reasons and pages: cmp_sz = "Company size"',
        'lines such as COLUMN = "Name to show"',
        {},
    )
    groups: dict[str, Literal["fit", "engagement", "intent", "answer"]] = key(
        'what a column tells, where that is not fit: visits = "engagement"',
        '"fit", "engagement", "intent" or "answer"',
        {},
    )
    known_at: dict[str, Text] = key(
        'from when on a value is known: "created" keeps the column, "closed" leaves it out, or a date column',
        'lines such as COLUMN = "created" (the lead came in), "closed" (won or lost) or the name of a date column',
        {},
    )
    monotone: dict[str, Literal["rising", "falling"]] = key(
        'numbers of which more never hurts (rising) or never helps (falling): budget = "rising"',
        '"rising" or "falling"',
        {},
    )


class ActivitySettings(Section):
    """What leads did, one row per activity."""

    table: Text = key("the table with one row per activity", A_TEXT)
    lead: Text = key("the lead, by its id", A_COLUMN)
    occurred_at: Text = key("when it happened", A_COLUMN)
    type: Text = key("what happened, such as an opened e-mail", A_COLUMN)
    value: Text | None = key("how much of it; 1 when left out", A_COLUMN, None)
    recorded_at: Text | None = key(
        "when the row was written, in UTC; `leadml score --leads changed` goes by it",
        A_COLUMN,
        None,
    )
    intent_types: Texts = key(
        "types that show the intent to buy, such as a demo request",
        'a list of texts, such as ["demo_request"]',
        (),
    )
    prompt_types: Texts = key(
        "types that you can prompt; `leadml explain` says what one more of them would do",
        'a list of texts, such as ["webinar"]',
        (),
    )
    labels: dict[str, Text] = key(
        'what people call a type, as a rep would say it: demo_request = "Asked for a demo"',
        'lines such as TYPE = "Words to show"',
        {},
    )


class HistorySettings(Section):
    """What fields of a lead used to say, one row per change."""

    table: Text = key("the table with one row per change of a field", A_TEXT)
    lead: Text = key("the lead, by its id", A_COLUMN)
    field: Text = key("the name of the column of the lead table that changed", A_COLUMN)
    value: Text = key("what it was changed to", A_COLUMN)
    changed_at: Text = key("when it was changed", A_COLUMN)
    recorded_at: Text | None = key(
        "when the row was written, in UTC; `leadml score --leads changed` goes by it",
        A_COLUMN,
        None,
    )


class SnapshotSettings(Section):
    """The moments at which leads are looked at for training; only used where there are dates."""

    every_days: Whole = key("days between two moments", A_NUMBER, 7)
    per_lead: Whole = key("how many moments one lead may appear at", A_NUMBER, 3)
    censoring: Literal["full_horizon", "weighted"] = key(
        "full_horizon: moments a whole horizon back train; weighted: recent closed leads too, by weight",
        '"full_horizon" or "weighted"',
        "full_horizon",
    )


class ModelSettings(Section):
    """What is trained and served, and how long that may take."""

    kind: Literal["glassbox", "linear", "boosted"] = key(
        "glassbox: tables of all candidates; linear: that one alone; boosted: LightGBM, slow to explain",
        '"glassbox", "linear" or "boosted"',
        "glassbox",
    )
    time_limit_seconds: Positive | None = key(
        "about how long training may take, in seconds; no bound when left out", "a number above 0, such as 600", None
    )
    calibration_limit: Between | Literal["none"] = key(
        "how far off probabilities may be on the newest leads, beyond chance; else nothing is published",
        'a number between 0 and 1, such as 0.05, or "none"',
        0.05,
    )


class GradeSettings(Section):
    """From which probability on a lead has grade A, B or C; below them it has D."""

    bounds: Descending = key(
        "lower bounds of A, B and C, in multiples of the base rate",
        "three numbers above 0 that fall, such as [4.0, 2.0, 1.0]",
        (4.0, 2.0, 1.0),
    )
    probabilities: Probabilities | None = key(
        "lower bounds of A, B and C as probabilities, where they are to be stated outright",
        "three numbers between 0 and 1 that fall, such as [0.4, 0.2, 0.1]",
        None,
    )


class OutputSettings(Section):
    """Where results go."""

    models: Text = key("the folder of bundles", "the path of a folder", "models")
    scores: Text = key("the table (of a database) or file that scores are written to", A_TEXT, "lead_scores")
    account_scores: Text = key(
        "the table (of a database) or file that scores of accounts are written to", A_TEXT, "account_scores"
    )
    score_tolerance: Share = key(
        "how far a probability may move before a score of the same grade and stage is written anew", A_SHARE, 0.0005
    )
    rejects: Text = key("the file for rows that cannot be used, with the reason", "a path", "rejects.csv")
    review: Text = key("the file of wins that were missed and alarms that were false", "a path", "review.csv")
    report: Text = key("the page about the model", "a path", "report.html")


class Settings(Section):
    """All of leadml.toml; `path` knows where the file lies, as paths in it are relative to its folder."""

    project: ProjectSettings = ProjectSettings()
    source: SourceSettings
    leads: LeadSettings
    activities: ActivitySettings | None = None
    history: HistorySettings | None = None
    snapshots: SnapshotSettings = SnapshotSettings()
    rules: RuleSettings = RuleSettings()
    lifecycle: LifecycleSettings = LifecycleSettings()
    model: ModelSettings = ModelSettings()
    cutoffs: CutoffSettings = CutoffSettings()
    grades: GradeSettings = GradeSettings()
    accounts: AccountSettings = AccountSettings()
    queue: QueueSettings = QueueSettings()
    output: OutputSettings = OutputSettings()

    _folder: Path = PrivateAttr(default=Path())

    def path(self, given: str) -> Path:
        """Give the path that a text of leadml.toml stands for.

        Raises:
            ConfigError: it begins with the home of a user whom nobody knows.
        """
        try:
            return self._folder / Path(given).expanduser()
        except RuntimeError:
            raise ConfigError(
                f"{given!r} in leadml.toml begins with ~, but there is no such user. Give the whole path."
            ) from None

    def source_url(self) -> str:
        """Give `source.url` with its path made independent of the working directory."""
        scheme, mark, rest = self.source.url.partition(":///")
        if mark and scheme.lower() in ("sqlite", "duckdb"):
            return f"{scheme}:///{self.path(rest)}"
        if "://" in self.source.url:
            return self.source.url
        # A Path forgets the slash at the end, by which a folder is told from a file that is missing.
        return str(self.path(self.source.url)) + ("/" if self.source.url.endswith("/") else "")

    def lead_columns(self) -> LeadColumns:
        """Give the roles of the lead table's columns."""
        roles = {name: getattr(self.leads, name) for name in LeadColumns.__dataclass_fields__}
        words = {self.leads.created_at: CREATED, self.leads.closed_at: CLOSED}
        known_at = {column: words.get(when, when) for column, when in self.leads.known_at.items()}
        # When a row was written says how busy people were with the lead, up to its very end: nothing learns from it.
        written = () if self.leads.changed_at is None else (self.leads.changed_at,)
        return LeadColumns(**roles | {"known_at": known_at, "exclude": (*self.leads.exclude, *written)})

    def activity_columns(self) -> ActivityColumns | None:
        """Give the roles of the activity table's columns; None where there is no such table."""
        given = self.activities
        if given is None:
            return None
        return ActivityColumns(lead=given.lead, occurred_at=given.occurred_at, type=given.type, value=given.value)

    def history_columns(self) -> HistoryColumns | None:
        """Give the roles of the field history's columns; None where there is no such table."""
        given = self.history
        if given is None:
            return None
        return HistoryColumns(lead=given.lead, field=given.field, value=given.value, changed_at=given.changed_at)
