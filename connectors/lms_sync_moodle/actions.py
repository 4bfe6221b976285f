"""The stream `actions`: who did what, from Moodle's own log where the companion plugin tells it.

Owns the reading of the log page by page, and what is wrong with a log. Which row becomes what is `log_rows`'; without
the companion `derived_actions` concludes what it can, course by course.

Every page is kept with its cursor, so a reading that was broken off goes on where it stopped. The plugin tells a row
once its page has settled, and ids that are used again after a restore come with other times: repeats are harmless.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from lms_sync.connector import Events, Finding, Level, Mode, Outcome, Page, ReadTask, Scope, ScopeEnd
from lms_sync.errors import SourceAnswerInvalid, SourceRefused
from lms_sync.records import Rung
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_wire import FeedPage
from lms_sync_moodle.derived_actions import read_derived
from lms_sync_moodle.log_cursor import LogCursor, parse
from lms_sync_moodle.log_rows import CourseChoice, LogRows
from lms_sync_moodle.pages import instant, refused
from lms_sync_moodle.prefetch import pages_ahead
from lms_sync_moodle.settings import MoodleOptions
from lms_sync_moodle.site import MoodleSite

STREAM = "actions"
FEED = "log"
SITE = "site"
SUBJECT = "action journal"

LOGGING_PAGE = "Site administration › Plugins › Logging › Manage log stores"
LIFETIME_PAGE = "Site administration › Plugins › Logging › Standard log"

RESTARTS = 2
"""How often a reading may begin anew before the plugin is called broken."""

DAY = 86_400


def scopes_of_actions(site: MoodleSite, name: str) -> list[Scope]:
    """The log of the site, or a scope for each course where there is none. Both when the log is switched off: what it
    holds is told, and what it no longer tells is concluded."""
    scopes = []
    companion = site.companion()
    if companion:
        scopes.append(Scope(STREAM, SITE, name, incremental=True, append_only=True))
    if companion is None or not companion.handshake.log.enabled:
        scopes += [Scope(STREAM, f"course/{course.id}", course.shortname) for course in site.courses().values()]
    return scopes


def read_actions(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """The log of the site, or what can be concluded about one course."""
    if scope.key != SITE:
        yield from read_derived(site, scope, task)
        return
    companion = site.companion()
    try:
        if companion is None:
            raise SourceRefused("Moodle tells its log through the companion plugin only, which cannot be used here.")
        yield from _LogReading(site, companion, task).pages()
    except SourceRefused as error:
        yield refused(error)


class _LogReading:
    """One reading of the log, from the stored cursor or from the beginning to where the log has settled."""

    def __init__(self, site: MoodleSite, companion: Companion, task: ReadTask) -> None:
        self._companion = companion
        self._log = companion.handshake.log
        self._rows = LogRows(site.info().userid, course_choice(site))
        self._limit = min(site.options.log_page, companion.handshake.limits.rows)
        stored = parse(task.cursor)
        self._findings = list(self._troubles(stored))
        self._cursor = self._beginning(stored, task.mode, _fingerprint(site.options))

    def pages(self) -> Iterator[Page]:
        """The pages, each with the cursor behind it."""
        received = 0
        for page in self._feed():
            events, left_out = self._rows.events(page)
            received += len(events)
            end = None if page.more else self._end(page, received)
            told_until = instant(page.settled_until) if end and self._log.enabled else None
            whole = self._cursor.whole or (end is not None and page.settled_until is not None)
            self._cursor = replace(self._cursor, feed=page.cursor, whole=whole, read_at=page.server_time)
            yield Page(
                cursor=self._cursor.text() if page.cursor else None,
                end=end,
                findings=self._take_findings(),
                events=Events(events, Rung.LOG, told_until, left_out),
            )

    def _beginning(self, stored: LogCursor | None, mode: Mode, courses: str) -> LogCursor:
        """Where to begin. What was broken off before its end goes on; otherwise a full reading starts over."""
        if stored and stored.courses != courses:
            message = "the source's options choose other courses than before, so the log is read from the beginning"
            self._findings.append(Finding(Level.NOTICE, SUBJECT, message))
        elif stored and not (mode is Mode.FULL and stored.whole):
            return stored
        return LogCursor(courses=courses)

    def _feed(self) -> Iterator[FeedPage]:
        """The plugin's pages, from the beginning again where the cursor leads nowhere."""
        for _ in range(RESTARTS + 1):
            lost = None
            for page in pages_ahead(self._fetch, self._cursor.feed):
                if page.lost:
                    lost = page
                else:
                    yield page
            if lost is None:
                return
            self._findings.append(self._lost(lost))
            self._cursor = LogCursor(courses=self._cursor.courses)
        raise SourceAnswerInvalid("The companion plugin takes back its cursors of the log again and again; report it.")

    def _fetch(self, cursor: str) -> FeedPage:
        return self._companion.changes(FEED, cursor, limit=self._limit)

    def _end(self, page: FeedPage, received: int) -> ScopeEnd:
        if page.settled_until is None:
            return ScopeEnd(Outcome.CHANGES, received, note="the plugin is new and tells the log from the next pull on")
        return ScopeEnd(Outcome.CHANGES if self._cursor.whole else Outcome.COMPLETE, received)

    def _take_findings(self) -> list[Finding]:
        findings, self._findings = self._findings, []
        return findings

    def _lost(self, page: FeedPage) -> Finding:
        if page.rewound:
            return Finding(
                Level.WARNING,
                SUBJECT,
                "Moodle's database was restored from a backup, so its log is read again from the beginning; actions "
                "that the backup does not have stay in the journal",
                "compare the registers with Moodle",
            )
        if page.expired:
            lost = "what Moodle has deleted from its log since is lost; " if self._log.lifetime_days else ""
            return Finding(
                Level.WARNING,
                SUBJECT,
                f"the log was last read longer ago than Moodle remembers; {lost}it is read again from the beginning",
                f"pull more often, or keep the log longer on {LIFETIME_PAGE}",
            )
        return Finding(
            Level.WARNING,
            SUBJECT,
            "the companion plugin does not know its own cursor any more; the log is read again from the beginning",
        )

    def _troubles(self, stored: LogCursor | None) -> Iterator[Finding]:
        """What is wrong with the log itself. The time since the last reading stands for the schedule."""
        if not self._log.enabled:
            yield Finding(
                Level.WARNING,
                SUBJECT,
                "Moodle's standard log store is switched off, so that nothing new is in its log; actions are concluded "
                "from other records",
                f"switch it on under {LOGGING_PAGE}",
            )
        lifetime = self._log.lifetime_days * DAY
        unread = self._companion.handshake.clock.time - stored.read_at if stored else 0
        if lifetime and unread > lifetime / 2:
            yield Finding(
                Level.WARNING,
                SUBJECT,
                f"Moodle forgets its log after {self._log.lifetime_days} days, and it was last read "
                f"{unread / DAY:.1f} days ago",
                f"pull the stream {STREAM} more often, or keep the log longer on {LIFETIME_PAGE}",
            )


def course_choice(site: MoodleSite) -> CourseChoice:
    """Which courses' rows the options keep. Without any choice the list of courses is not asked for."""
    options = site.options
    if not any(_choosing(options)):
        return CourseChoice()
    chosen = site.courses().keys()
    excluded = (site.listed - chosen) | {one for one in options.exclude_courses if isinstance(one, int)}
    named = {one for one in options.include_courses if isinstance(one, int)}
    return CourseChoice(
        chosen=frozenset(chosen | (named - excluded)),
        excluded=frozenset(excluded),
        others=not (options.include_courses or options.include_categories),
    )


def _choosing(options: MoodleOptions) -> tuple[list[int | str], ...]:
    return options.include_courses, options.exclude_courses, options.include_categories, options.exclude_categories


def _fingerprint(options: MoodleOptions) -> str:
    """A short text that differs when the options choose courses in another way; empty when they choose all."""
    if not any(_choosing(options)):
        return ""
    text = json.dumps([sorted(map(repr, chosen)) for chosen in _choosing(options)], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
