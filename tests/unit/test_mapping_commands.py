"""`lms-sync mapping`: what check suspects is told, and explain goes on with the protocols of a grade item."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lms_sync.cli.app import app
from lms_sync.cli.explaining import explain_course
from lms_sync.cli.explaining_events import ENOUGH, EventTally, explain_events, tally_line
from lms_sync.connector import (
    Connector,
    Event,
    Events,
    Finding,
    Outcome,
    Page,
    ReadTask,
    Scope,
    ScopeEnd,
    SourceRecord,
    Stream,
)
from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.records import Rung
from tests.unit.mapping.samples import course, grade_item


class TwoStreams(Connector):
    """A connector of one course with one column, as any connector would bring them."""

    title = "test"
    mapping = "moodle"

    def __init__(self, *records: SourceRecord) -> None:
        self._records = records

    def streams(self) -> Sequence[Stream]:
        return [Stream("courses", "Courses", ("course",)), Stream("grades", "Grades", ("grade_item", "grade"))]

    def scopes(self, stream: str) -> Sequence[Scope]:
        return [Scope(stream, "site" if stream == "courses" else "course/2")]

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        kinds = next(stream.kinds for stream in self.streams() if stream.name == scope.stream)
        records = [record for record in self._records if record.kind in kinds]
        yield Page(records=records, end=ScopeEnd(Outcome.COMPLETE, received=len(records)))

    def check(self) -> Iterable[Finding]:
        return []


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    rule = '[[attestation]]\nname = "workers"\nprogramme_kind = "vocational"\nnumber = "ПО-{number}"\n'
    (tmp_path / "own.toml").write_text("format = 1\n" + rule, encoding="utf-8")
    return load_mapping("moodle", [tmp_path / "own.toml"], timezone="Asia/Irkutsk")


@pytest.mark.parametrize(("idnumber", "number"), [("PO-1", "ПО-{number}"), ("PK-1", "{year}/{number:03}")])
def test_a_grade_items_protocols_follow_from_its_course(mapping: Mapping, idnumber: str, number: str) -> None:
    records = (course(idnumber=idnumber), grade_item(itemname="Итоговый тест", course_idnumber=idnumber))
    (item,) = explain_course(TwoStreams(*records), mapping, "2", ["grade_item"])
    assert item.kind == "grade_item", "the course is read, and not shown unasked"
    assert {one.what: one.value for one in item.decided}["number"] == number


def test_other_records_have_no_protocols(mapping: Mapping) -> None:
    records = (course(), grade_item(itemname="Тест по модулю"))
    explained = explain_course(TwoStreams(*records), mapping, "2", None)
    assert [one.kind for one in explained] == ["course", "grade_item"]
    assert not [one for each in explained for one in each.decided if one.what == "protocol"]


class Log(TwoStreams):
    """A connector with a log besides: pages of events, all of the scope `site`."""

    def __init__(self, *pages: Events) -> None:
        super().__init__()
        self.pages = pages
        self.read_pages = 0

    def streams(self) -> Sequence[Stream]:
        return [*super().streams(), Stream("actions", "Action journal", ("event",), incremental=True)]

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        assert scope.stream == "actions"
        for events in self.pages:
            self.read_pages += 1
            yield Page(events=events)
        yield Page(end=ScopeEnd(Outcome.CHANGES, received=0))

    def scopes(self, stream: str) -> Sequence[Scope]:
        return [Scope(stream, "site")]


def event(name: str, course: int = 2, **more: object) -> Event:
    return Event(7, 1_790_000_000, name, 1003, course=course, address="192.0.2.44", **more)  # type: ignore[arg-type]


def test_events_are_counted_by_name_and_rule_and_name_nobody(mapping: Mapping) -> None:
    started, unknown = "\\mod_quiz\\event\\attempt_started", "\\local_own\\event\\thing_done"
    rows = [event(started), event(unknown), event(started, course=3)]
    tallies = explain_events(Log(Events(rows, Rung.LOG), Events([event(started)], Rung.LOG)), mapping, None)
    assert [(one.event, one.action, one.rule, one.count) for one in tallies.tallies] == [
        (started, "attempt_started", started, 3),
        (unknown, unknown, "", 1),
    ]
    assert tallies.complete and not tallies.rejected
    lines = [tally_line(one) for one in tallies.tallies]
    assert "Начата попытка теста" in lines[0] and "moodle.events.toml:" in lines[0]
    assert "no rule knows it" in lines[1]
    assert not [line for line in lines if "1003" in line or "192.0.2.44" in line]


def test_events_of_one_course_and_what_cannot_be_kept(mapping: Mapping) -> None:
    rows = [event("\\core\\event\\course_viewed"), event("\\core\\event\\course_viewed", course=3)]
    tallies = explain_events(Log(Events([*rows, rows[0]._replace(id=0)], Rung.LOG)), mapping, "2")
    assert [(one.action, one.count) for one in tallies.tallies] == [("course_viewed", 2)]
    assert tallies.rejected == 1


def test_what_is_derived_is_said_to_be(mapping: Mapping) -> None:
    (tally,) = explain_events(Log(Events([event("submitted")], Rung.DERIVED)), mapping, None).tallies
    assert tally == EventTally("", "submitted", "Работа сдана", "derived", "", 1)
    assert "there is no log" in tally_line(tally)


def test_a_long_log_is_not_read_to_its_end(mapping: Mapping) -> None:
    half = Events([event("\\core\\event\\course_viewed")] * (ENOUGH // 2), Rung.LOG)
    log = Log(half, half, half)
    tallies = explain_events(log, mapping, None)
    assert (tallies.complete, tallies.tallies[0].count, log.read_pages) == (False, ENOUGH, 2)


def test_a_connector_without_actions_is_said(mapping: Mapping) -> None:
    with pytest.raises(ConfigError, match="tells no actions"):
        explain_events(TwoStreams(), mapping, None)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose mapping is legal and names a commission that nobody uses."""
    commission = '[[commission]]\nname = "main"\nchair = { name = "Образцов П. И." }\n'
    (tmp_path / "own.toml").write_text("format = 1\n" + commission, encoding="utf-8")
    secret = tmp_path / "academy.token"
    secret.touch(0o600)
    secret.write_text("0" * 32, encoding="utf-8")
    path = tmp_path / "lms-sync.toml"
    path.write_text(
        '[store]\nurl = "sqlite:///store.db"\n[sources.academy]\nconnector = "moodle"\nurl = "https://lms.example.com"\n'
        'timezone = "Asia/Irkutsk"\ntoken_file = "academy.token"\nmapping = ["own.toml"]\n',
        encoding="utf-8",
    )
    return path


def test_check_tells_what_is_hardly_meant(config: Path) -> None:
    outcome = CliRunner().invoke(app, ["mapping", "check", "--config", str(config)])
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("academy: the mapping is sound")
    assert "own.toml:3: no rule and not [protocols] names commission main" in outcome.stderr.replace("\n", "")


def test_check_gives_suspicions_to_scripts_too(config: Path) -> None:
    outcome = CliRunner().invoke(app, ["mapping", "check", "--json", "--config", str(config)])
    (suspicion,) = json.loads(outcome.stdout)["academy"]["suspicions"]
    assert suspicion["where"] == f"{config.parent}/own.toml:3"
    assert "commission main" in suspicion["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([], "Say what to explain"), (["--stream", "grades"], "nothing to explain of a stream grades")],
)
def test_explain_needs_to_know_what(config: Path, arguments: list[str], words: str) -> None:
    outcome = CliRunner().invoke(app, ["mapping", "explain", "--config", str(config), *arguments])
    assert isinstance(outcome.exception, ConfigError) and words in str(outcome.exception)
