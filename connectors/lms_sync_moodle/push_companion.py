"""The target `companion`: the documents' own table in the companion plugin, shown on the learner's profile page.

Owns the plugin's form of a document. Must not know templates or what was sent before.

The plugin writes each document in one statement, whatever became of the others, and never an older revision over a
newer one; so a document that the plugin stumbles over may be found by sending all of its call again one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from lms_sync.connector import Answer, Delivery, Receipt, Shown, Standing, Target
from lms_sync.errors import OutcomeUnknown, SourceAnswerInvalid, SourceRefused
from lms_sync_moodle.companion import ask
from lms_sync_moodle.companion_wire import Envelope, Row, decode, picker
from lms_sync_moodle.push_parts import person_of, pieces, refused, require
from lms_sync_moodle.site import MoodleSite

UPSERT = "local_lmssync_upsert_documents"
GET = "local_lmssync_get_documents"
RIGHT = "local/lmssync:writedocuments"

TARGET = Target(
    "companion",
    "the companion plugin's register of documents, on the learner's profile page",
    {
        "kind": True,
        "title": True,
        "blankseries": False,
        "blanknumber": False,
        "regnumber": False,
        "issuedate": False,
        "hours": False,
        "url": False,
    },
)

AT_ONCE = 100
"""Documents in a call: a fifth of what the plugin takes."""

_STATUS = {Standing.IN_FORCE: "issued", Standing.REVOKED: "revoked", Standing.REPLACED: "replaced"}
_STANDING = {status: standing for standing, status in _STATUS.items()}
_TEXTS = ("kind", "title", "blankseries", "blanknumber", "regnumber", "issuedate", "url")
_COLUMNS = ("id", "uid", "userid", *_TEXTS, "hours", "status", "replacedby", "revision")
_WRITTEN = {"created", "updated", "unchanged"}
_OF_ALL = {"nopermissions", "accessexception", "invalidparameter", "invalidrecord", "invalidrecordunknown"}
"""Refusals that come before the first document is looked at."""

_Document = dict[str, Any]


class _Outcome(msgspec.Struct, frozen=True):
    """What became of one document."""

    outcome: str
    reason: str | None = None


class _Outcomes(msgspec.Struct, frozen=True):
    """Of all documents of a call, in their order."""

    documents: list[_Outcome]


class _Page(msgspec.Struct, frozen=True):
    """Documents that the plugin keeps."""

    columns: list[str]
    rows: list[Row]
    more: bool = False


def send(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Receipt]:
    """See `Connector.send`. A revision that the plugin has already is accepted; `stale`: it has a newer one."""
    require(site, TARGET.name, UPSERT)
    for piece in pieces(deliveries, AT_ONCE):
        documents: list[tuple[Delivery, _Document]] = []
        for delivery in piece:
            made = _document(delivery)
            if isinstance(made, str):
                yield refused(delivery, made)
            else:
                documents.append((delivery, made))
        if documents:
            yield from _write(site, documents)


def look(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
    """See `Connector.look`."""
    require(site, TARGET.name, GET)
    for piece in pieces(deliveries, AT_ONCE):
        page = _get(site, {"uids": _json([delivery.subject for delivery in piece])})
        yield from _shown(page)


def survey(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
    """See `Connector.survey`: all that the plugin keeps."""
    require(site, TARGET.name, GET)
    after, more = 0, True
    while more:
        page = _get(site, {"after": after})
        shown = list(_shown(page))
        yield from shown
        last = int(shown[-1].external_id) if shown else after
        if page.more and last <= after:
            raise SourceAnswerInvalid(f"The companion plugin's answer to {GET} does not move on; report it.")
        after, more = last, page.more


def _document(delivery: Delivery) -> _Document | str:
    """The plugin's form of a document, or why there is none, in the plugin's own words."""
    person, hours = person_of(delivery), delivery.values.get("hours", "")
    if person is None:
        return "unknownuser"
    if hours and not (hours.isascii() and hours.isdigit() and len(hours) <= 6):
        return "badhours"
    return {
        "uid": delivery.subject,
        "revision": delivery.revision,
        "userid": person,
        **{name: delivery.values.get(name) or None for name in _TEXTS},
        "hours": int(hours) if hours else None,
        "status": _STATUS[delivery.standing],
        "replacedby": delivery.replaced_by or None,
    }


def _write(site: MoodleSite, documents: Sequence[tuple[Delivery, _Document]]) -> Iterator[Receipt]:
    try:
        outcomes = _upsert(site, [document for _, document in documents])
    except SourceRefused as error:
        if error.code in _OF_ALL:
            raise
        if len(documents) == 1:
            yield refused(documents[0][0], error.code or "refused")
            return
        for one in documents:
            yield from _write(site, [one])
        return
    for (delivery, _), outcome in zip(documents, outcomes, strict=True):
        yield _receipt(delivery, outcome)


def _upsert(site: MoodleSite, documents: Sequence[_Document]) -> list[_Outcome]:
    text = site.client.call(UPSERT, {"documents": _json(documents)}, answer=Envelope, safe=False).json
    try:
        outcomes = decode(text, UPSERT, _Outcomes).documents
    except SourceAnswerInvalid:
        outcomes = []
    if len(outcomes) != len(documents):
        raise OutcomeUnknown(f"The companion plugin's answer to {UPSERT} leaves documents out; look before repeating.")
    return outcomes


def _receipt(delivery: Delivery, outcome: _Outcome) -> Receipt:
    if outcome.outcome in _WRITTEN:
        return Receipt(delivery.subject, Answer.ACCEPTED)
    return refused(delivery, outcome.reason or outcome.outcome)


def _get(site: MoodleSite, params: Mapping[str, Any]) -> _Page:
    return ask(site.client, GET, dict(params), _Page)


def _shown(page: _Page) -> Iterator[Shown]:
    pick = picker(page.columns, _COLUMNS, "documents")
    for row in page.rows:
        told = dict(zip(_COLUMNS, pick(row), strict=True))
        values = {name: told[name] or "" for name in _TEXTS}
        values["hours"] = "" if told["hours"] is None else str(told["hours"])
        yield Shown(
            subject=told["uid"],
            learner=str(told["userid"]),
            values=values,
            external_id=str(told["id"]),
            revision=told["revision"],
            standing=_STANDING.get(told["status"]),
            replaced_by=told["replacedby"] or "",
        )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
