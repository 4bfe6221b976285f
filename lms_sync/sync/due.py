"""Which scopes a pull reads, and how: whole, only the changes, or not at all. Pure."""

from __future__ import annotations

import datetime as dt

from lms_sync.connector import Mode, Scope, Stream
from lms_sync.store.rows import ScopeOutcome, ScopeState

_MISSING_SOMETHING = (ScopeOutcome.PARTIAL, ScopeOutcome.REFUSED, ScopeOutcome.BRAKED)


def mode_for(
    stream: Stream,
    scope: Scope,
    state: ScopeState | None,
    *,
    full: bool,
    asked_for: bool,
    has_cursor: bool,
    reconcile_after: dt.timedelta,
    now: dt.datetime,
) -> Mode | None:
    """How to read a scope now; None: it is fresh enough.

    `asked_for` means that the operator or the schedule named the stream. A scope is read whole when it never was,
    when somebody asked for a second look at it, when it was closed, and when its last whole reading has grown old. One
    that is only appended to goes on from its cursor, and is read whole again only for who names its stream.
    """
    if stream.every_pull or state is None or state.complete_at is None:
        return Mode.FULL
    if scope.append_only and has_cursor:
        return Mode.FULL if full and asked_for else Mode.CHANGES
    if full or state.reread or state.outcome == ScopeOutcome.CLOSED or now - state.complete_at >= reconcile_after:
        return Mode.FULL
    if is_incremental(stream, scope):
        return Mode.CHANGES if has_cursor else Mode.FULL
    if asked_for or state.outcome in _MISSING_SOMETHING:
        return Mode.FULL
    return None


def is_incremental(stream: Stream, scope: Scope) -> bool:
    """Whether the scope's changes can be read: the site may be able to tell them where others of its kind are not."""
    return stream.incremental if scope.incremental is None else scope.incremental
