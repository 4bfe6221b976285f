"""The companion plugin's web-service functions, typed, and the choice of the rung a site stands on.

Owns the calls and what their refusals mean. Must not know streams of lms-sync or records. Whatever is wrong with the
plugin itself means the lower rung with a finding, never a failed pull: Moodle's core is still there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from lms_sync.connector import Finding, Level
from lms_sync.errors import SourceAnswerInvalid, SourceRefused
from lms_sync_moodle.client import MoodleClient
from lms_sync_moodle.companion_wire import (
    API,
    Envelope,
    FeedPage,
    Handshake,
    KeyPage,
    Row,
    Spoken,
    decode,
)
from lms_sync_moodle.refusals import PLUGINS_PAGE, ROLES_PAGE

HANDSHAKE = "local_lmssync_handshake"
CHANGES = "local_lmssync_changes"
KEYS = "local_lmssync_keys"
ROWS = "local_lmssync_rows"
READING = (HANDSHAKE, CHANGES, KEYS, ROWS)
"""The functions without which the companion rung cannot be stood on."""

READ = "local/lmssync:read"
STREAMS = ("courses", "people", "enrolments", "assessments", "attempts", "grade_items", "grades", "log")
"""The plugin's streams that lms-sync reads."""

SUBJECT = "companion"
T = TypeVar("T")


class Companion:
    """The plugin of one site for one run."""

    def __init__(self, client: MoodleClient, handshake: Handshake) -> None:
        self._client = client
        self.handshake = handshake
        """What the plugin said when this run began."""

    def changes(self, stream: str, cursor: str = "", *, limit: int = 0, since: int = 0) -> FeedPage:
        """One page of what changed since the cursor; without one, of everything. `limit`: rows at most, 0: as many as
        the site allows. `since` (epoch seconds): only for the log and the grade history, and without a cursor.

        A cursor that the plugin refuses gives a page that is `invalid`. Raises what `MoodleClient.call` raises.
        """
        params = {"stream": stream, "cursor": cursor, "limit": limit, "since": since}
        try:
            return ask(self._client, CHANGES, params, FeedPage)
        except SourceRefused as error:
            if cursor and error.code.rsplit("/", 1)[-1] == "invalidcursor":
                return FeedPage(stream=stream, cursor=cursor, invalid=True)
            raise

    def keys(self, stream: str, course_id: int = 0) -> Iterator[Row]:
        """The keys of all objects (of one course), in the order of `key_columns` of the handshake."""
        after, more = 0, True
        while more:
            params = {"stream": stream, "courseid": course_id, "cursor": after}
            page = ask(self._client, KEYS, params, KeyPage)
            yield from page.rows
            if page.more and page.cursor <= after:
                raise SourceAnswerInvalid(f"The companion plugin's answer to {KEYS} does not move on; report it.")
            after, more = page.cursor, page.more

    def rows(self, stream: str, ids: Sequence[int] | Sequence[tuple[int, int]]) -> Iterator[FeedPage]:
        """The present rows of named objects, as many pages as the site's limits ask for; what is gone is left out.

        Enrolments are named by pairs of course and person, all else by id.
        """
        form = self.handshake.stream(stream)
        size = form.max_rows if form else self.handshake.limits.objects
        remaining = iter(ids)
        while chunk := list(islice(remaining, max(1, size))):
            params = {"stream": stream, "ids": json.dumps(chunk, separators=(",", ":"))}
            yield ask(self._client, ROWS, params, FeedPage)

    def now(self, stream: str) -> str | None:
        """The cursor of the newest changes of a stream that had settled when the run began; None: nothing had."""
        form = self.handshake.stream(stream)
        return form.cursor if form else None


@dataclass(frozen=True)
class Climbed:
    """The companion if the site has one that can be used, and what to tell the operator if not."""

    companion: Companion | None = None
    finding: Finding | None = None


def climb(client: MoodleClient) -> Climbed:
    """Looks whether the site has the companion. The token's functions must be known.

    Raises SourceUnavailable, SourceTimeout and SourceDenied only: those would stop the lower rung as well.
    """
    offered = [function for function in READING if client.functions and function in client.functions]
    if not offered:
        return Climbed()
    missing = [function for function in READING if function not in offered]
    if missing:
        return _stays_below(f"{missing[0]} is not in the token's service", "use the plugin's own service for the token")
    try:
        handshake = _handshake(client)
    except SourceRefused as error:
        return _stays_below(str(error).rstrip("."), f"grant {READ} to the account's role on {ROLES_PAGE}")
    except SourceAnswerInvalid as error:
        return _stays_below(str(error).rstrip("."), f"install the plugin's present version on {PLUGINS_PAGE}")
    untold = [name for name in STREAMS if handshake.stream(name) is None]
    if untold:
        return _stays_below(f"it has no stream {untold[0]}", f"install the plugin's present version on {PLUGINS_PAGE}")
    return Climbed(Companion(client, handshake))


def ask(client: MoodleClient, function: str, params: dict[str, Any], kind: type[T]) -> T:
    """The decoded answer of one of the plugin's functions that read. Raises what `MoodleClient.call` raises."""
    return decode(client.call(function, params, answer=Envelope).json, function, kind)


def _handshake(client: MoodleClient) -> Handshake:
    text = client.call(HANDSHAKE, {}, answer=Envelope).json
    api = decode(text, HANDSHAKE, Spoken).api
    if api != API:
        raise SourceAnswerInvalid(f"the plugin speaks form {api} of its answers, and this lms-sync only form {API}.")
    return decode(text, HANDSHAKE, Handshake)


def _stays_below(reason: str, remedy: str) -> Climbed:
    message = f"the companion plugin is installed but cannot be used, so Moodle's core is read in its place: {reason}"
    return Climbed(finding=Finding(Level.WARNING, SUBJECT, message, remedy))
