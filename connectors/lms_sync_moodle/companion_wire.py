"""The companion plugin's answers as typed values, as docs/companion.md describes them.

Owns the shapes. Must not know requests or records. Rows stay lists, since there are millions of them: `picker` makes
the function that takes the wanted columns out of one, so that a plugin may add columns or move them. Points and grades
are decimal texts in the answers; should one ever come as a number, it becomes a Decimal, never a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from lms_sync.errors import SourceAnswerInvalid

API = 1
"""The form of the answers that this module knows."""

T = TypeVar("T")
Row = list[Any]


class Envelope(msgspec.Struct, frozen=True):
    """Every answer of the plugin: one text that holds it."""

    json: str


class Plugin(msgspec.Struct, frozen=True):
    """Which plugin answers."""

    version: str = ""
    release: str = ""


class Clock(msgspec.Struct, frozen=True):
    """Moodle's clock, in epoch seconds, and the site's time zone."""

    time: int
    timezone: str = ""


class Limits(msgspec.Struct, frozen=True):
    """How much an answer holds at most; lag and retention in seconds."""

    rows: int = 20000
    objects: int = 5000
    lag: int = 60
    retention: int = 7776000


class StreamForm(msgspec.Struct, frozen=True):
    """A stream that the plugin offers. `cursor`: where its newest settled changes end; None: nothing has settled."""

    name: str
    columns: list[str] = []
    key_columns: list[str] | None = None
    max_rows: int = 5000
    cursor: str | None = None


class Capabilities(msgspec.Struct, frozen=True):
    """Rights of the account in the whole site; None where the release has none of that name."""

    own: dict[str, bool | None] = {}
    optional: dict[str, bool | None] = {}
    core: dict[str, bool | None] = {}


class LogRow(msgspec.Struct, frozen=True):
    """The place of a row in Moodle's log."""

    id: int
    time: int


class LogStore(msgspec.Struct, frozen=True):
    """Moodle's standard log store. A lifetime of 0 days means for ever."""

    enabled: bool = False
    lifetime_days: int = 0
    guests: bool = False
    oldest: LogRow | None = None
    newest: LogRow | None = None


class GradeHistory(msgspec.Struct, frozen=True):
    """Moodle's grade history. A lifetime of 0 days means for ever."""

    enabled: bool = False
    lifetime_days: int = 0


class Identity(msgspec.Struct, frozen=True):
    """The site, and the name of the mark that the handshake took."""

    identity: str = ""
    nonce: str = ""
    seen: bool | None = None


class Handshake(msgspec.Struct, frozen=True):
    """`local_lmssync_handshake`."""

    api: int
    plugin: Plugin
    clock: Clock
    limits: Limits
    streams: list[StreamForm]
    site: Identity = Identity()
    settled_until: int | None = None
    capabilities: Capabilities = Capabilities()
    log: LogStore = LogStore()
    grade_history: GradeHistory = GradeHistory()
    grades_pending: list[int] = []
    profile_fields: list[str] | None = None

    def stream(self, name: str) -> StreamForm | None:
        """The stream of this name; None when the plugin does not offer it."""
        return next((stream for stream in self.streams if stream.name == name), None)


class Spoken(msgspec.Struct, frozen=True):
    """What every answer says first, whatever its form."""

    api: int


class FeedPage(msgspec.Struct, frozen=True):
    """A page of `local_lmssync_changes`, or the rows of `local_lmssync_rows`. Times are epoch seconds.

    Apply `gone` before `rows`. `invalid` is not told by the plugin: it means that it refused the cursor.
    """

    api: int = API
    stream: str = ""
    columns: list[str] = []
    rows: list[Row] = []
    gone_columns: list[str] = []
    gone: list[list[int]] = []
    resync: list[int] = []
    cursor: str = ""
    more: bool = False
    rewound: bool = False
    expired: bool = False
    withheld: int = 0
    settled_until: int | None = None
    server_time: int = 0
    first: bool = False
    invalid: bool = False

    @property
    def lost(self) -> bool:
        """Whether the cursor leads nowhere: everything is to be read again."""
        return self.rewound or self.expired or self.invalid


class KeyPage(msgspec.Struct, frozen=True):
    """A page of `local_lmssync_keys`; its cursor is the last id."""

    api: int
    columns: list[str]
    rows: list[Row]
    cursor: int
    more: bool


def decode(text: str, function: str, kind: type[T]) -> T:
    """The answer in an envelope. Raises SourceAnswerInvalid, without a word of the data."""
    try:
        return msgspec.json.Decoder(kind, strict=False, float_hook=Decimal).decode(text)
    except msgspec.ValidationError as problem:
        found = re.search(r" - at `([^`]*)`$", str(problem))
        place = found[1] if found else "$"
    except (msgspec.DecodeError, UnicodeError):
        place = "$"
    raise SourceAnswerInvalid(
        f"The companion plugin's answer to {function} has an unknown shape at {place}; install the plugin that belongs "
        "to this lms-sync."
    ) from None


def picker(columns: Sequence[str], wanted: Sequence[str], stream: str) -> Callable[[Row], tuple[Any, ...]]:
    """The function that takes the wanted columns out of a row, in this order.

    Raises SourceAnswerInvalid when the plugin does not tell one of them.
    """
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise SourceAnswerInvalid(
            f"The companion plugin tells no {missing[0]} in the stream {stream}; install the plugin that belongs to "
            "this lms-sync."
        )
    places = [list(columns).index(name) for name in wanted]
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)
