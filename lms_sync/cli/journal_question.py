"""What the reports on the action journal share: whose journal is asked for, and what it takes to answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from lms_sync.cli.console import say
from lms_sync.cli.report_studies import one_learner
from lms_sync.cli.reporting import chosen_source, parsed_days, zone_of
from lms_sync.cli.workplace import kept_mapping, open_store, store_settings
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lms_sync.config import Settings
    from lms_sync.records import Action
    from lms_sync.report.actions import Captions
    from lms_sync.report.directory import Directory
    from lms_sync.report.effort import EffortRule
    from lms_sync.report.period import Period
    from lms_sync.store.actions import ActionQuery
    from lms_sync.store.store import Store


@dataclass(frozen=True)
class JournalQuestion:
    """What an operator asked for, as typed. Nothing: everything."""

    config: Path | None
    source: str | None
    learner: str | None = None
    course: str | None = None
    group: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    codes: Sequence[str] | None = None


@dataclass(frozen=True)
class AskedJournal:
    """The part of a journal that was asked for, while its store is open.

    `learners` and `places` (learner, course) are those whose own activity is meant; None: anybody's.
    """

    connection: Connection
    query: ActionQuery
    directory: Directory
    captions: Captions
    about: str = ""
    notes: Sequence[str] = ()
    learners: Set[str] | None = None
    places: Set[tuple[str, str]] | None = field(default=None, repr=False)

    def actions(self) -> Iterator[Action]:
        """The actions in the order of time, one by one."""
        from lms_sync.store.actions import actions

        return actions(self.connection, self.query)


def effort_rule(pause: int, last: int) -> EffortRule:
    """The rule of the estimate, from minutes. Raises ConfigError."""
    from lms_sync.report.effort import EffortRule

    if last > pause:
        raise ConfigError("--last may not be longer than --pause: sessions would lie over one another.")
    return EffortRule(pause * 60, last * 60)


@contextmanager
def asked(question: JournalQuestion) -> Iterator[AskedJournal]:
    """What was asked for, ready to be read. Raises ConfigError."""
    from lms_sync.report.directory import Directory
    from lms_sync.report.period import Period
    from lms_sync.store.actions import ActionQuery

    settings = store_settings(question.config)
    days = parsed_days(question.first_day, question.last_day)
    with open_store(settings) as store:
        source = chosen_source(settings, store, question.source)
        period = Period(zone_of(settings, source), *days)
        captions = _captions(settings, source)
        codes = [_known_code(code, captions) for code in question.codes or ()] or None
        courses = None if question.course is None else [question.course]
        since, until = period.bounds()
        query = ActionQuery(source, courses=courses, actions=codes, since=since, until=until)
        learner = None if question.learner is None else _learner(store, source, question.learner)
        with store.reading() as connection:
            journal = AskedJournal(connection, query, Directory(connection, source), captions)
            yield _narrowed(journal, question, learner, period)


def _narrowed(journal: AskedJournal, question: JournalQuestion, learner: str | None, period: Period) -> AskedJournal:
    """The journal with its people, its title and its notes."""
    from lms_sync.report.phrases import group_words
    from lms_sync.store.journal_names import learner_places
    from lms_sync.store.study import StudyScope

    connection, directory, source = journal.connection, journal.directory, journal.query.source
    scope = StudyScope(source, question.course, question.group, learner)
    places = learner_places(connection, scope)
    if question.course is not None:
        _check_course(journal, question.course)
    if question.group is not None and not places:
        raise ConfigError(f"The store has nobody of a group {question.group} there; give its exact name.")
    people: Set[str] | None = {who for who, _ in places}
    named = None if question.group is None and learner is None else sorted(people or ())
    if learner is not None:
        people, named = {learner}, [learner]
        directory.learn_people([learner])
    about = (
        directory.person(learner or ""),
        directory.course(question.course or ""),
        group_words(question.group),
    )
    return replace(
        journal,
        query=replace(journal.query, learners=named),
        about=", ".join(filter(None, about)),
        notes=_notes(connection, source, period),
        learners=people,
        places=None if learner is not None else places,
    )


def _notes(connection: Connection, source: str, period: Period) -> list[str]:
    from lms_sync.records import Rung
    from lms_sync.report.captions_journal import NO_LOG, NOT_READ
    from lms_sync.report.phrases import period_words
    from lms_sync.store.journal import read_journal_state

    rung = read_journal_state(connection, source).rung
    known = "" if rung is Rung.LOG else NO_LOG if rung is Rung.DERIVED else NOT_READ
    return [note for note in (period_words(period), known) if note]


def _captions(settings: Settings, source: str) -> Captions:
    """How the mapping calls actions. A journal can be read without one: then their codes stand there."""
    from lms_sync.report.actions import Captions

    try:
        effective = kept_mapping(settings, source).effective
    except ConfigError as error:
        say(f"Actions stand under their codes, since the mapping cannot be used. {error}")
        return Captions({}, {})
    return Captions(effective.action_captions, effective.object_captions)


def _known_code(code: str, captions: Captions) -> str:
    """The code of an action, or an event's own name, which no file needs to know."""
    if not captions.actions or code in captions.actions or "\\" in code:
        return code
    close = get_close_matches(code, captions.actions, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ConfigError(f"The mapping has no action {code}: its codes stand under [action]{hint}")


def _learner(store: Store, source: str, named: str) -> str:
    """The learner, or whoever else of that LMS id has left traces in the journal."""
    from lms_sync.store.actions import ActionQuery, actions
    from lms_sync.store.study import learners_named

    if not learners_named(store, source, named):
        with store.reading() as connection:
            if next(actions(connection, ActionQuery(source, learners=[named])), None):
                return named
    return one_learner(store, source, named)


def _check_course(journal: AskedJournal, course: str) -> None:
    from lms_sync.store.actions import ActionQuery, actions

    source = journal.query.source
    journal.directory.learn_courses([course])
    if journal.directory.course(course) != course:
        return
    if next(actions(journal.connection, ActionQuery(source, courses=[course])), None) is None:
        raise ConfigError(f"The store has nothing of a course {course} of {source}; see `lms-sync status --scopes`.")
