"""The outbox: what of the register the LMS is to be told, and the steps of one document's way into one target.

Owns which documents are told at all, and every state that a `DocumentPush` can take. The steps are pure; only `queue`
writes, and it does so within the transaction of whoever wrote the document. Must not know how anything is sent.

A row that was sent and never answered for stays `sent` or `uncertain` whatever happens to its document: the request may
still be running in the LMS, so nothing is sent again before `due_at`, and never without a look.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lms_sync.connector import Standing
from lms_sync.records import DocumentPush, DocumentStatus, IssuedDocument, PushState
from lms_sync.store.documents import DocumentFilter, StoredDocument, documents
from lms_sync.store.pushes import enabled_targets, pushes
from lms_sync.store.register import RegisterWriter

UNCERTAIN_PAUSE = dt.timedelta(minutes=10)
"""How long a request whose answer was lost may still be running in the LMS."""

FIRST_BACKOFF = dt.timedelta(minutes=1)
LONGEST_BACKOFF = dt.timedelta(hours=6)

NO_ANSWER = "no_answer"
NOT_READ_BACK = "not_read_back"
DIFFERS = "differs"
OF_REVISIONS = ("stale", "revisionconflict", DIFFERS)
"""Codes after which the LMS has another content under our revision or a newer one: asked for again, we go beyond it."""

UNDER_WAY = (PushState.SENT, PushState.UNCERTAIN)
OPEN = (PushState.PENDING, *UNDER_WAY)
"""The states in which a push still has something to do."""

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


def standing_of(record: IssuedDocument) -> Standing:
    """Whether a document that was issued is in force. A lost one is: only the paper is gone."""
    if record.status is DocumentStatus.ANNULLED:
        return Standing.REVOKED
    return Standing.REPLACED if record.status is DocumentStatus.REPLACED else Standing.IN_FORCE


def is_told(stored: StoredDocument) -> bool:
    """Whether the LMS is to know of a document: it has a number, and a holder of the LMS who was not erased."""
    record = stored.record
    return bool(record.registration_number and record.learner) and stored.holder is not None


# --- steps ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Content:
    """What was decided to be sent: which revision, of which content, under which key."""

    revision: int
    content_hash: str
    key: str


def queued(before: DocumentPush | None, stored: StoredDocument, target: str) -> DocumentPush:
    """The document in its latest version is to be told. What may be under way stays so, with the new version."""
    record = stored.record
    if before is None:
        return DocumentPush(
            document=record.uid,
            target=target,
            learner=record.learner,
            document_version=stored.version,
            state=PushState.PENDING,
        )
    if before.state in UNDER_WAY:
        return before.model_copy(update={"document_version": stored.version})
    return _pending(before, document_version=stored.version)


def sending(row: DocumentPush, content: Content, external_id: str, now: dt.datetime) -> DocumentPush:
    """It is about to leave. Written before it does: whoever finds this later does not know whether it arrived."""
    return row.model_copy(
        update={
            "state": PushState.SENT,
            "revision": content.revision,
            "content_hash": content.content_hash,
            "idempotency_key": content.key,
            "external_id": external_id or row.external_id,
            "attempts": row.attempts + 1,
            "due_at": now + UNCERTAIN_PAUSE,
            "last_error": "",
        }
    )


def confirmed(row: DocumentPush, content: Content, external_id: str) -> DocumentPush:
    """The LMS was seen to show what it is to show."""
    return row.model_copy(
        update={
            "state": PushState.CONFIRMED,
            "revision": content.revision,
            "content_hash": content.content_hash,
            "idempotency_key": content.key,
            "external_id": external_id or row.external_id,
            "due_at": None,
            "last_error": "",
        }
    )


def failed(row: DocumentPush, code: str) -> DocumentPush:
    """It will not go by itself: somebody has to look."""
    return row.model_copy(update={"state": PushState.FAILED, "due_at": None, "last_error": safe_code(code)})


def uncertain(row: DocumentPush, code: str = NO_ANSWER) -> DocumentPush:
    """It was sent and the answer was lost. It keeps the pause that began when it was sent."""
    return row.model_copy(update={"state": PushState.UNCERTAIN, "last_error": code})


def not_read_back(row: DocumentPush) -> DocumentPush:
    """It was accepted, and what the LMS shows could not be read: the next push looks."""
    return row.model_copy(update={"last_error": NOT_READ_BACK})


def postponed(row: DocumentPush, code: str, now: dt.datetime) -> DocumentPush:
    """Nothing of it was written. It is tried again, each time after twice as long."""
    doublings = min(max(row.attempts - 1, 0), 16)
    pause = min(FIRST_BACKOFF * 2**doublings, LONGEST_BACKOFF)
    return row.model_copy(
        update={"state": PushState.PENDING, "due_at": now + pause, "last_error": safe_code(code)},
    )


def asked_again(row: DocumentPush) -> DocumentPush:
    """Somebody asks for it again, also for what was confirmed once. What may be under way is not to be hurried."""
    if row.state in UNDER_WAY:
        return row
    # A code about revisions tells the next sending to go beyond what the LMS shows.
    known = DIFFERS if row.state is PushState.CONFIRMED else row.last_error
    return _pending(row, last_error=known if known in OF_REVISIONS else "")


def caught_up(now: DocumentPush, sent: DocumentPush, after: DocumentPush) -> DocumentPush:
    """What to write for the outcome `after` of `sent`, where the row stands as `now`.

    Only a newer version of the document can have come in between: then what was sent is no longer what is meant.
    """
    if now == sent:
        return after
    if after.state in UNDER_WAY:
        return after.model_copy(update={"document_version": now.document_version})
    return _pending(after, document_version=now.document_version)


def _pending(row: DocumentPush, **values: object) -> DocumentPush:
    fresh = {"state": PushState.PENDING, "attempts": 0, "due_at": None, "last_error": ""}
    return row.model_copy(update=fresh | values)


def safe_code(code: str) -> str:
    """The LMS's word for a refusal, if it is a word: a sentence might name somebody."""
    return code if _CODE.fullmatch(code) else "refused"


# --- writing ----------------------------------------------------------------------------------------------------------


def queue(writer: RegisterWriter, records: Sequence[IssuedDocument]) -> None:
    """Puts documents that were just written into the outbox of every target that is switched on for the source."""
    if records and (targets := enabled_targets(writer.connection, writer.source)):
        queue_documents(writer, [record.uid for record in records], targets)


def queue_documents(
    writer: RegisterWriter, uids: Collection[str], targets: Sequence[str], *, anew: bool = False
) -> int:
    """Puts documents into the outbox of these targets; gives how many entries were written.

    One whose latest version was queued before is left alone, unless everything is to be looked at `anew`.
    """
    told = [one for one in documents(writer.connection, writer.source, DocumentFilter(uids=uids)) if is_told(one)]
    known = {row.key: row for row in pushes(writer.connection, writer.source, uids=[one.record.uid for one in told])}
    rows = []
    for one in told:
        for target in targets:
            before = known.get(f"{one.record.uid}/{target}")
            if before is None or anew or before.document_version != one.version:
                rows.append(queued(before, one, target))
    return put_pushes(writer, rows)


def put_pushes(writer: RegisterWriter, rows: Sequence[DocumentPush], reason: str = "") -> int:
    """Writes steps of documents on their way; gives how many were new."""
    return writer.put(rows, "", reason)
