"""The functions of the companion plugin (``classes/external/*.php``). Each answers one text that holds JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from lms_sync.sandbox import refusals
from lms_sync.sandbox.companion import Companion
from lms_sync.sandbox.companion.cursor import Cursor
from lms_sync.sandbox.companion.documents import COLUMNS, MOST
from lms_sync.sandbox.companion.feed import API, Feed
from lms_sync.sandbox.companion.plugin import MAX_OBJECTS, READ, SEE_ANONYMOUS, WRITE_DOCUMENTS, Mark
from lms_sync.sandbox.companion.streams import (
    GRADE_HISTORY,
    HISTORY_COLUMNS,
    LOG,
    LOG_COLUMNS,
    OBJECT_STREAMS,
    STREAM_NAMES,
    ObjectStream,
)
from lms_sync.sandbox.functions.site import RELEASES
from lms_sync.sandbox.registry import ALL_RELEASES, REGISTRY, Call, Function, Param, Record, Several, optional
from lms_sync.sandbox.world import World

_ENCODER = msgspec.json.Encoder()
_RIGHTS = {
    READ: "Read the change feed of the whole site for lms-sync",
    WRITE_DOCUMENTS: "Write and revoke issued documents for lms-sync",
}
_CORE_CAPABILITIES = (  # noqa: SIM905
    "moodle/course:view moodle/course:viewhiddencourses moodle/category:viewhiddencategories "
    "moodle/course:viewhiddenactivities moodle/course:viewhiddensections moodle/course:viewparticipants "
    "moodle/course:enrolreview moodle/course:viewsuspendedusers moodle/course:useremail "
    "moodle/course:viewhiddenuserfields moodle/site:accessallgroups moodle/user:viewdetails "
    "moodle/user:viewhiddendetails moodle/user:viewalldetails moodle/site:viewuseridentity moodle/site:viewfullnames "
    "gradereport/user:view moodle/grade:viewall moodle/grade:viewhidden mod/quiz:view mod/quiz:viewreports "
    "mod/assign:view mod/assign:viewgrades report/progress:view"
).split()
Handler = Callable[[Call, Companion], str]


def _companion(
    name: str, *rights: str, **parts: Param | Record | Several
) -> Callable[[Handler], Callable[[Call], dict[str, str]]]:
    """Register a function of the plugin that asks for these rights and answers a text."""

    def register(handler: Handler) -> Callable[[Call], dict[str, str]]:
        def answer(call: Call) -> dict[str, str]:
            companion = call.world.companion
            if companion is None:
                raise refusals.missing_record("external_functions")
            for right in rights or (READ,):
                if right not in companion.capabilities:
                    raise refusals.no_permission(_RIGHTS[right])
            return {"json": handler(call, companion)}

        REGISTRY.functions[f"local_lmssync_{name}"] = Function(name, Record(parts), answer, ALL_RELEASES)
        return answer

    return register


def _json(value: dict[str, Any]) -> str:
    return _ENCODER.encode(value).decode()


# -- reading


@_companion("handshake", seen=optional("text", ""))
def handshake(call: Call, companion: Companion) -> str:
    """Versions, clock, limits, streams and rights. It takes a mark."""
    world, seen = call.world, call.params["seen"]
    if re.search(r"[^A-Za-z0-9]", seen):
        raise refusals.invalid_parameter()
    remembered = companion.find_mark(seen) is not None if seen else None
    mark, settled = companion.take_mark(kept=True), companion.settled()
    release = RELEASES[world.release]
    held = companion.capabilities
    return _json(
        {
            "api": API,
            "plugin": {"version": companion.version, "release": companion.release},
            "moodle": {
                "version": release.core_version,
                "release": release.name,
                "branch": world.release.replace(".", "0"),
            },
            "site": {
                "identity": hashlib.sha256(f"local_lmssync {world.sitename}".encode()).hexdigest(),
                "nonce": mark.nonce,
                "seen": remembered,
            },
            "clock": {"time": world.now, "microseconds": 0, "timezone": world.timezone},
            "limits": {
                "rows": companion.max_rows,
                "objects": min(companion.max_rows, MAX_OBJECTS),
                "documents": MOST,
                "lag": companion.lag,
                "retention": companion.retention,
            },
            "settled_until": settled.time if settled else None,
            "streams": _streams(companion, settled),
            "capabilities": {
                "own": {"webservice/rest:use": True} | {name: name in held for name in (READ, WRITE_DOCUMENTS)},
                "optional": {SEE_ANONYMOUS: SEE_ANONYMOUS in held},
                "core": dict.fromkeys(_CORE_CAPABILITIES, True),
            },
            "log": _log(world),
            "grade_history": {"enabled": world.histories.enabled, "lifetime_days": 0},
            "grades_pending": [],
            "profile_fields": companion.profile_fields,
        }
    )


def _streams(companion: Companion, settled: Mark | None) -> list[dict[str, Any]]:
    """The streams, each with the cursor of a reader who has everything up to the settled mark."""
    feed, told = Feed(companion), []
    if settled:
        settled.kept = True
    for name in STREAM_NAMES:
        stream = OBJECT_STREAMS.get(name)
        columns = {LOG: LOG_COLUMNS, GRADE_HISTORY: HISTORY_COLUMNS}.get(name)
        told.append(
            {
                "name": name,
                "form": "objects" if stream else "appended",
                "columns": stream.columns if stream else columns,
                "key_columns": stream.key_columns if stream else None,
                "max_rows": feed.max_rows(name),
                "cursor": Cursor.at(name, feed.sources(name), settled).text(settled) if settled else None,
            }
        )
    return told


def _log(world: World) -> dict[str, Any]:
    oldest, newest = ({"id": end[0], "time": end[1]} if end else None for end in world.log.ends(world.now))
    log = world.log
    settings = {"enabled": log.enabled, "lifetime_days": log.lifetime_days, "guests": True}
    return settings | {"oldest": oldest, "newest": newest}


@_companion(
    "changes", stream=Param("name"), cursor=optional("name", ""), limit=optional("int", 0), since=optional("int", 0)
)
def changes(call: Call, companion: Companion) -> str:
    """What changed in a stream since a cursor; everything, without one."""
    stream, cursor, limit, since = (call.params[name] for name in ("stream", "cursor", "limit", "since"))
    if min(limit, since) < 0 or stream not in STREAM_NAMES:
        raise refusals.invalid_parameter()
    return Feed(companion).page(stream, cursor, limit, since)


@_companion(
    "keys", stream=Param("name"), courseid=optional("int", 0), cursor=optional("int", 0), limit=optional("int", 0)
)
def keys(call: Call, companion: Companion) -> str:
    """The keys of all objects, for reconciliation. The cursor is the last id."""
    stream = _objects(call.params["stream"])
    course, after, limit = (call.params[name] for name in ("courseid", "cursor", "limit"))
    if min(course, after, limit) < 0:
        raise refusals.invalid_parameter()
    limit = min(limit, companion.max_rows) if limit else companion.max_rows
    found = Feed(companion).keys(stream, course, after, limit)
    return _json(
        {
            "api": API,
            "stream": stream.name,
            "courseid": course,
            "columns": stream.key_columns,
            "cursor": found[-1][0] if found else after,
            "more": len(found) == limit,
            "server_time": call.world.now,
            "rows": found,
        }
    )


@_companion("rows", stream=Param("name"), ids=Param("text"))
def rows(call: Call, companion: Companion) -> str:
    """The present rows of named objects; what does not exist is left out."""
    stream, feed = _objects(call.params["stream"]), Feed(companion)
    given = _list_of(call.params["ids"], feed.max_rows(stream.name))
    if stream.name != "enrolments":
        return feed.named(stream, _identifiers(given))
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        raise refusals.invalid_parameter()
    return feed.named(stream, [tuple(_identifiers(pair)) for pair in given])


def _objects(name: str) -> ObjectStream:
    """The stream of objects of this name; the rows of others have no keys."""
    if name not in OBJECT_STREAMS:
        raise refusals.invalid_parameter()
    return OBJECT_STREAMS[name]


def _list_of(text: str, most: int) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise refusals.invalid_parameter() from None
    if not isinstance(found, list) or len(found) > most:
        raise refusals.invalid_parameter()
    return found


def _identifiers(given: list[Any]) -> list[int]:
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 1 for one in given):
        raise refusals.invalid_parameter()
    return given


# -- documents


@_companion("upsert_documents", READ, WRITE_DOCUMENTS, documents=Param("text"))
def upsert_documents(call: Call, companion: Companion) -> str:
    """Write issued documents; repeating it changes nothing."""
    outcomes = [companion.documents.upsert(one) for one in _list_of(call.params["documents"], MOST)]
    return _json({"api": API, "server_time": call.world.now, "documents": outcomes})


@_companion("revoke_documents", READ, WRITE_DOCUMENTS, documents=Param("text"))
def revoke_documents(call: Call, companion: Companion) -> str:
    """Mark issued documents as revoked or replaced."""
    outcomes = [companion.documents.revoke(one) for one in _list_of(call.params["documents"], MOST)]
    return _json({"api": API, "server_time": call.world.now, "documents": outcomes})


@_companion("get_documents", uids=optional("text", "[]"), userids=optional("text", "[]"), after=optional("int", 0))
def get_documents(call: Call, companion: Companion) -> str:
    """Issued documents by their keys or by their holders, or all in the order of their ids."""
    uids = _list_of(call.params["uids"], MOST)
    users = _identifiers(_list_of(call.params["userids"], MOST))
    if not all(isinstance(uid, str) for uid in uids) or (uids and users):
        raise refusals.invalid_parameter()
    documents = companion.documents
    if uids or users:
        found = documents.find("uid", uids) if uids else documents.find("userid", users)
    else:
        found = documents.all_after(call.params["after"])
    more = not uids and not users and len(found) == MOST
    told = {"api": API, "columns": COLUMNS, "more": more, "server_time": call.world.now}
    return _json(told | {"rows": found})
