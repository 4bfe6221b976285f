"""Documents on their way into the LMS as people read them: where each stands, why, and what to do.

Owns the words for states and codes. Must not know SQL, nor how anything is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lms_sync.exact import utc_text
from lms_sync.records import DocumentPush, PushState
from lms_sync.report.captions import value_caption
from lms_sync.report.interface import Column, Table, Value

_RETRY = "then lms-sync push --retry {uid}"

_CODES: dict[str, tuple[str, str]] = {
    "no_answer": ("it was sent and the answer was lost", "nothing: the next push looks whether it came through"),
    "not_read_back": ("it was accepted, and could not be read back", "nothing: the next push looks"),
    "unavailable": ("the LMS did not answer", "nothing: it is tried again"),
    "later": ("the LMS asked to come later", "nothing: it is tried again"),
    "denied": ("the LMS refuses the account", "see lms-sync doctor"),
    "unknownuser": ("the LMS has no such account any more", f"look there for the account, {_RETRY}"),
    "otherholder": ("the LMS shows it to another person", f"take it out there, {_RETRY}"),
    "stale": (
        "the LMS has a newer revision than this store ever sent",
        "was the store restored from a backup? See lms-sync documents reconcile; push --retry {uid} overwrites it",
    ),
    "differs": (
        "the LMS shows something else than was sent",
        "see lms-sync documents reconcile; push --retry {uid} overwrites it",
    ),
    "not_shown": ("the LMS accepted it and does not show it", f"see lms-sync doctor, {_RETRY}"),
    "doubled": ("the LMS shows it more than once", f"delete all but one there, {_RETRY}"),
    "nopermissions": ("the account may not write it", f"see lms-sync doctor, {_RETRY}"),
    "accessexception": ("the account may not write it", f"see lms-sync doctor, {_RETRY}"),
    "fieldnotshown": (
        "the account has no such profile field, or may not see it",
        f"make the field in the LMS or correct [push.profile] of the mapping, {_RETRY}",
    ),
}
_CODES |= {
    "revisionconflict": _CODES["differs"],
    "invaliduserid": _CODES["unknownuser"],
    "usernotupdateddeleted": _CODES["unknownuser"],
    "functionmissing": ("the token's service lacks a function that this needs", f"see lms-sync doctor, {_RETRY}"),
    "notesdisabled": ("notes are switched off in the LMS", f"switch them on there, {_RETRY}"),
    "nocourse": ("the document names no course for its note", 'set note_visibility = "site" in the source\'s options'),
    "uidnotintext": (
        "the note's text does not name the document's uid",
        "write {{uid}} into [push.note]",
    ),
    "emptytext": ("the note's text is empty", "correct [push.note] of the mapping"),
}
_REFUSED = ("the LMS refuses it ({code})", f"correct the cause, {_RETRY}")


@dataclass(frozen=True)
class DocumentStep:
    """Where a document stands in one target. `since` (UTC): of its latest step.

    `push` None: nothing was queued yet. `hindrance`: why it is not told, or never again; empty when nothing hinders it.
    """

    document: str
    target: str
    push: DocumentPush | None = None
    since: dt.datetime | None = None
    hindrance: str = ""

    @property
    def state(self) -> str:
        """The state's name."""
        return self.push.state.value if self.push is not None else "not queued"

    @property
    def why(self) -> str:
        """What went wrong or is waited for, in words; empty when nothing is."""
        if self.hindrance:
            return self.hindrance
        if self.push is None:
            return "the next push queues it"
        return _words(self.push)[0]

    @property
    def remedy(self) -> str:
        """What to do about it, in words; empty when nothing is to be done."""
        return "" if self.hindrance or self.push is None else _words(self.push)[1]


def _words(push: DocumentPush) -> tuple[str, str]:
    if push.state is PushState.SENT and not push.last_error:
        return "it was sent, and the push ended before the answer", "nothing: the next push looks"
    if not push.last_error:
        return "", ""
    why, remedy = _CODES.get(push.last_error, _REFUSED)
    return why.format(code=push.last_error), remedy.format(uid=push.document)


def steps_table(title: str, steps: Sequence[DocumentStep]) -> Table:
    """A line for each document and target."""
    columns = [Column("document", "document"), Column("target", "target"), Column("state", "state")]
    columns += [Column("revision", "revision", numeric=True), Column("attempts", "attempts", numeric=True)]
    columns += [Column(key, caption) for key, caption in (("since", "since"), ("next", "not before"))]
    columns += [Column("why", "why"), Column("remedy", "what to do")]
    rows: list[list[Value]] = [
        [
            one.document,
            one.target,
            one.state,
            one.push.revision if one.push is not None else None,
            one.push.attempts if one.push is not None else None,
            _seconds(one.since),
            _next(one),
            one.why,
            one.remedy,
        ]
        for one in steps
    ]
    return Table(title, columns, rows)


def _next(step: DocumentStep) -> str:
    due = step.push.due_at if step.push is not None else None
    return _seconds(due) if not step.hindrance else ""


def _seconds(instant: dt.datetime | None) -> str:
    return utc_text(instant.replace(microsecond=0)) if instant is not None else ""


def steps_document(steps: Iterable[DocumentStep]) -> list[dict[str, Any]]:
    """The same as JSON-ready values; times as UTC text."""
    return [
        {
            "document": one.document,
            "target": one.target,
            "state": one.state,
            "revision": one.push.revision if one.push is not None else None,
            "attempts": one.push.attempts if one.push is not None else None,
            "since": _seconds(one.since) or None,
            "not_before": _next(one) or None,
            "code": (one.push.last_error if one.push is not None else "") or None,
            "why": one.why or None,
            "remedy": one.remedy or None,
        }
        for one in steps
    ]


def in_lms(pushes: Mapping[str, Collection[DocumentPush]], uid: str) -> str:
    """Whether a document is in the LMS, in one cell (Russian): each state with its targets."""
    by_state: dict[PushState, list[str]] = {}
    for one in pushes.get(uid, ()):
        by_state.setdefault(one.state, []).append(one.target)
    return "; ".join(f"{value_caption(state)}: {', '.join(targets)}" for state, targets in by_state.items())
