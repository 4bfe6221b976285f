"""What the reports on studies share: whose studies are asked for, which part of them, and the report's way out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lms_sync.cli.report_options import Kind
from lms_sync.cli.reporting import Output, parsed_days, source_in_store, write, zone_of
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lms_sync.report.interface import Table
    from lms_sync.report.standing import Selection
    from lms_sync.store.store import Store
    from lms_sync.store.study import Study


@dataclass(frozen=True)
class Question:
    """What an operator asked for, as typed. `kinds` empty: `or_kinds`."""

    config: Path | None
    source: str | None
    course: str | None = None
    group: str | None = None
    learner: str | None = None
    item: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    kinds: Sequence[Kind] | None = None
    or_kinds: Sequence[Kind] = (Kind.MILESTONE, Kind.INTERMEDIATE, Kind.FINAL)
    with_gone: bool = False


def put_report(question: Question, output: Output, build: Callable[[Study, Selection], Table]) -> None:
    """Reads what is asked for and writes the report that is built of it. Raises ConfigError."""
    with source_in_store(question.config, question.source) as (settings, store, source):
        selection = _selection(question, zone_of(settings, source))
        study = _study(store, source, question)
    write(build(study, selection), output)


def _selection(question: Question, zone: ZoneInfo) -> Selection:
    from lms_sync.records import AttestationKind
    from lms_sync.report.period import Period
    from lms_sync.report.standing import Selection

    first, last = parsed_days(question.first_day, question.last_day)
    kinds = frozenset(AttestationKind(kind.value) for kind in question.kinds or question.or_kinds)
    return Selection(Period(zone, first, last), kinds, question.with_gone, question.item)


def _study(store: Store, source: str, question: Question) -> Study:
    from lms_sync.store.study import StudyScope, study

    course, group = question.course, question.group
    if course is None and group is None and question.learner is None:
        raise ConfigError("Say whose results are meant: --course ID, --group NAME or both.")
    learner = None if question.learner is None else one_learner(store, source, question.learner)
    found = study(store, StudyScope(source, course, group, learner))
    if group is None and course is not None and not found.courses and not found.items:
        raise ConfigError(f"The store has nothing of a course {course} of {source}; see `lms-sync status --scopes`.")
    if group is not None and not found.places:
        of_course = f" in course {course}" if course is not None else ""
        raise ConfigError(f"The store has nobody of a group {group}{of_course} of {source}; give its exact name.")
    if question.item is not None:
        _check_item(found, question.item)
    return found


def one_learner(store: Store, source: str, named: str) -> str:
    """The key of the learner of an LMS id or an individual number. Raises ConfigError."""
    from lms_sync.store.study import learners_named

    found = learners_named(store, source, named)
    if not found:
        raise ConfigError(f"The store has no learner {named} of {source}; give an LMS id or an individual number.")
    if len(found) > 1:
        raise ConfigError(f"Several learners have the individual number {named}; give an LMS id: {', '.join(found)}.")
    return found[0]


def _check_item(study: Study, key: str) -> None:
    item = next((item for item in study.items if item.key == key), None)
    if item is None:
        raise ConfigError(
            f"The store has no grade item {key} in that course; `lms-sync report grades --form list` shows them."
        )
    if item.attestation_kind == "total":
        raise ConfigError(f"Grade item {key} is a total, which is no attestation: name one of the items it adds up.")
