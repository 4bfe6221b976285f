"""A connector that reads a file: configured without address and token, examined and pulled like any other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from lms_sync.cli.examination import examine, exit_code_of
from lms_sync.cli.workplace import pull_options, pull_sources
from lms_sync.config import Settings, load_settings
from lms_sync.connector import (
    Connector,
    Finding,
    Level,
    Outcome,
    Page,
    ReadTask,
    Scope,
    ScopeEnd,
    SiteAccess,
    SourceRecord,
    Stream,
)
from lms_sync.errors import ConfigError
from lms_sync.store.store import Store
from lms_sync.sync.pull import Silence, pull


class FileOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: Path


class FileConnector(Connector):
    """Reads courses from a JSON file."""

    title = "Courses in a file"
    options = FileOptions
    mapping = "moodle"
    needs_url = False
    needs_secret = False

    def __init__(self, access: SiteAccess, options: FileOptions) -> None:
        assert (access.url, access.secret.get_secret_value()) == ("", "")
        self._path = options.path

    def streams(self) -> Sequence[Stream]:
        return [Stream("courses", "Courses", ("course",), every_pull=True)]

    def scopes(self, stream: str) -> Sequence[Scope]:
        return [Scope(stream, "site")]

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        courses = json.loads(self._path.read_text(encoding="utf-8"))
        records = [SourceRecord("course", str(course["id"]), course) for course in courses]
        yield Page(records=records, end=ScopeEnd(Outcome.COMPLETE, received=len(records), expected=len(records)))

    def check(self) -> Iterable[Finding]:
        return [Finding(Level.OK, "file", f"{self._path} is there.")]


class Remote(FileConnector):
    """The same, but it says nothing about what it needs."""

    needs_url = Connector.needs_url
    needs_secret = Connector.needs_secret


class Shelf:
    def __init__(self, kind: type[Connector]) -> None:
        self.kind = kind

    def connector(self, name: str) -> type[Connector]:
        return self.kind


CONFIG = """
[store]
url = "sqlite:///records.db"
[sources.archive]
connector = "file"
options = {{ path = "{path}" }}
schedule = {{ courses = {{ every = "1h" }} }}
"""


def load(folder: Path, kind: type[Connector]) -> Settings:
    course = {"id": 5, "fullname": "Охрана труда", "shortname": "OT-72", "category_path": [], "visible": True}
    courses = folder / "courses.json"
    courses.write_text(json.dumps([{**course, "startdate": 0, "enddate": 0, "idnumber": ""}]), encoding="utf-8")
    config = folder / "lms-sync.toml"
    config.write_text(CONFIG.format(path=courses), encoding="utf-8")
    return load_settings(config, Shelf(kind), {})


def test_a_file_is_read_without_an_address_and_a_token(tmp_path: Path) -> None:
    settings = load(tmp_path, FileConnector)
    (source,) = pull_sources(list(settings.sources.values()))
    with Store.open(settings.store_url.get_secret_value()) as store:
        summary = pull(store, source, pull_options(settings), Silence())
        assert (summary.outcome, summary.problems) == ("done", [])
        assert store.live_keys("archive", "course", "site") == {"5"}


def test_doctor_asks_for_neither(tmp_path: Path) -> None:
    settings = load(tmp_path, FileConnector)
    areas = list(examine(settings, list(settings.sources.values())))
    assert exit_code_of(areas) == 0
    findings = [finding for area in areas for finding in area.findings]
    assert "file" in {finding.subject for finding in findings}
    assert "address" not in {finding.subject for finding in findings}


def test_a_connector_that_says_nothing_needs_both(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, Remote)
    assert [str(problem) for problem in caught.value.problems] == [
        "line 4, sources.archive: name the secret with either token_file or token_env",
        "line 4, sources.archive.url: is missing",
    ]
