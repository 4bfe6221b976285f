"""`lms-sync mapping`: what check suspects is told, and explain goes on with the protocols of a grade item."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lms_sync.cli.app import app
from lms_sync.cli.explaining import explain_course
from lms_sync.connector import Connector, Finding, Outcome, Page, ReadTask, Scope, ScopeEnd, SourceRecord, Stream
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
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
