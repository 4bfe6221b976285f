"""Issued documents as the plugin keeps them: checks, revisions and hashes of ``documents.php``."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lms_sync.sandbox.state import WorldState

Document = dict[str, Any]
MOST = 500
FIELDS = (
    "uid", "userid", "kind", "title", "blankseries", "blanknumber", "regnumber", "issuedate", "hours", "url", "status",
    "replacedby",
)  # fmt: skip
COLUMNS = ("id", *FIELDS, "revision", "hash", "timecreated", "timemodified")
#: Text field -> longest text, whether it must be there.
_TEXTS = {
    "uid": (64, True), "kind": (40, True), "title": (255, True), "blankseries": (40, False), "blanknumber": (40, False),
    "regnumber": (80, False), "issuedate": (10, False), "url": (1333, False), "status": (10, True),
    "replacedby": (64, False),
}  # fmt: skip
_MOST_INT = 2**31 - 1


class _Refused(Exception):
    """Why a document is refused."""


class Documents:
    """The documents of one site, by uid."""

    def __init__(self, world: WorldState) -> None:
        self.world = world
        self.kept: dict[str, Document] = {}
        self._last = 0

    def upsert(self, given: Any) -> Document:
        """Write a document, unless it is there already. Gives what became of it."""
        try:
            document = _whole(given)
            user = self.world.users.get(document["userid"])
            if user is None or user.deleted or user.id == self.world.guest_id:
                raise _Refused("unknownuser")
            document["hash"] = digest(document)
            if given.get("hash") is not None and given["hash"] != document["hash"]:
                raise _Refused("hashmismatch")
        except _Refused as refused:
            return _outcome(given, "refused", str(refused))
        kept = self.kept.get(document["uid"])
        return self._update(kept, document) if kept else self._insert(document)

    def revoke(self, given: Any) -> Document:
        """Mark a document as revoked or replaced. Gives what became of it."""
        try:
            change = _revocation(given)
        except _Refused as refused:
            return _outcome(given, "refused", str(refused))
        kept = self.kept.get(change["uid"])
        if kept is None:
            return _outcome(given, "refused", "unknowndocument")
        document = kept | change
        document["hash"] = digest(document)
        return self._update(kept, document)

    def find(self, field: str, values: list[Any]) -> list[list[Any]]:
        """Documents by ``uid`` or ``userid``, as rows by id."""
        return self._rows(one for one in self.kept.values() if one[field] in values)

    def all_after(self, after: int) -> list[list[Any]]:
        """The first documents with ids above one."""
        return self._rows(one for one in self.kept.values() if one["id"] > after)[:MOST]

    def delete_of(self, user: int) -> None:
        """Delete a person's documents."""
        self.kept = {uid: one for uid, one in self.kept.items() if one["userid"] != user}

    @staticmethod
    def _rows(found: Any) -> list[list[Any]]:
        return [[one[column] for column in COLUMNS] for one in sorted(found, key=lambda one: int(one["id"]))]

    def _insert(self, document: Document) -> Document:
        self._last += 1
        now = self.world.now
        self.kept[document["uid"]] = document | {"id": self._last, "timecreated": now, "timemodified": now}
        return _outcome(document, "created", None, document)

    def _update(self, kept: Document, document: Document) -> Document:
        if kept["userid"] != document["userid"]:
            return _outcome(document, "refused", "otherholder", kept)
        if document["revision"] < kept["revision"]:
            return _outcome(document, "stale", None, kept)
        if document["revision"] == kept["revision"]:
            same = document["hash"] == kept["hash"]
            return _outcome(document, "unchanged" if same else "refused", None if same else "revisionconflict", kept)
        self.kept[document["uid"]] = kept | document | {"timemodified": self.world.now}
        return _outcome(document, "updated", None, document)


def digest(document: Document) -> str:
    """SHA-256 of a document's fields as a JSON list, hexadecimal."""
    text = json.dumps([document[field] for field in FIELDS], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _outcome(given: Any, outcome: str, reason: str | None, kept: Document | None = None) -> Document:
    uid = given.get("uid") if isinstance(given, dict) else None
    return {
        "uid": uid if isinstance(uid, str) else None,
        "outcome": outcome,
        "reason": reason,
        "revision": kept["revision"] if kept else None,
        "hash": kept["hash"] if kept else None,
    }


def _whole(given: Any) -> Document:
    if not isinstance(given, dict):
        raise _Refused("notanobject")
    if not given.keys() <= {*_TEXTS, "userid", "hours", "revision", "hash"}:
        raise _Refused("unknownfield")
    document = _texts(given, list(_TEXTS))
    for field, least in (("userid", 1), ("revision", 1), ("hours", 0)):
        document[field] = value = given.get(field)
        if not (value is None and field == "hours") and not _is_whole(value, least):
            raise _Refused(f"bad{field}")
    _check(document)
    if (document["hours"] or 0) > 999_999:
        raise _Refused("badhours")
    return document


def _revocation(given: Any) -> Document:
    if not isinstance(given, dict):
        raise _Refused("notanobject")
    if not given.keys() <= {"uid", "status", "replacedby", "revision"}:
        raise _Refused("unknownfield")
    change = _texts(given, ["uid", "status", "replacedby"])
    change["revision"] = given.get("revision")
    if not _is_whole(change["revision"], 1):
        raise _Refused("badrevision")
    if change["status"] == "issued":
        raise _Refused("badstatus")
    _check(change)
    return change


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST_INT


def _texts(given: Document, fields: list[str]) -> Document:
    checked: Document = {}
    for field in fields:
        longest, needed = _TEXTS[field]
        text = "" if given.get(field) is None else given[field]
        if not isinstance(text, str) or len(text) > longest or re.search(r"[\x00-\x1f\x7f]", text):
            raise _Refused(f"bad{field}")
        if needed and not text.strip():
            raise _Refused(f"missing{field}")
        checked[field] = text or None
    return checked


def _check(document: Document) -> None:
    """Why fields that are texts well enough are refused nevertheless."""
    if not re.fullmatch(r"[A-Za-z0-9._:/-]+", document["uid"]):
        raise _Refused("baduid")
    if document.get("kind") is not None and not re.fullmatch(r"[a-z0-9_]+", document["kind"]):
        raise _Refused("badkind")
    if document["status"] not in ("issued", "revoked", "replaced"):
        raise _Refused("badstatus")
    if (document["replacedby"] is None) == (document["status"] == "replaced"):
        raise _Refused("badreplacedby")
    date, url = document.get("issuedate"), document.get("url")
    if date is not None and not _is_date(date):
        raise _Refused("badissuedate")
    if url is not None and not re.match(r"https?://[^\s<>\"]+$", url, re.IGNORECASE):
        raise _Refused("badurl")


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False
