"""What `lms-sync doctor` says of the rung that a site stands on, and of what the companion plugin needs in Moodle.

Owns the findings about the plugin. Must not know Moodle's core functions; reads nothing but the handshake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lms_sync.connector import Finding, Level
from lms_sync_moodle.companion import SUBJECT
from lms_sync_moodle.companion_wire import Handshake
from lms_sync_moodle.refusals import PLUGINS_PAGE, ROLES_PAGE
from lms_sync_moodle.site import MoodleSite

LOG_PAGE = "Site administration › Plugins › Logging › Manage log stores"
LOG_SETTINGS_PAGE = "Site administration › Plugins › Logging › Standard log"
HISTORY_PAGE = "Site administration › Server › Cleanup"
CRON_PAGE = "Site administration › Server › Tasks › Scheduled tasks"

STALE = 600
"""Seconds that changes may wait beyond the settling lag before something is wrong with Moodle's cron."""

_OF_A_TARGET = "local/lmssync:writedocuments"
"""Told with the target that needs it."""

_LOSSES = {"webservice/rest:use": "the account may not use the REST protocol"}


def examine_companion(site: MoodleSite) -> Iterator[Finding]:
    """The rung, and what keeps the companion from telling all it could. Raises what `MoodleSite.climbed` raises."""
    climbed = site.climbed()
    if climbed.finding:
        yield climbed.finding
    if climbed.companion is None:
        if not climbed.finding:
            yield _what_it_would_bring()
        return
    handshake = climbed.companion.handshake
    yield Finding(
        Level.OK,
        SUBJECT,
        f"the plugin {handshake.plugin.release} ({handshake.plugin.version}) answers: changes, deletions, graders, "
        "patronymics and the action log are read from it",
    )
    yield from _rights(handshake)
    yield from _log(handshake)
    yield from _grade_history(handshake)
    yield from _settling(handshake)
    yield from _pending(handshake)


def _what_it_would_bring() -> Finding:
    return Finding(
        Level.NOTICE,
        SUBJECT,
        "the site has no companion plugin, so Moodle's core is read: more slowly, with the action journal derived from "
        "results; the plugin brings the whole journal from Moodle's log, patronymics, pass marks, who graded, "
        "deletions and suspensions at once, and a dozen requests a pull where there are hundreds",
        f"make it with `make companion` and install dist/local_lmssync-VERSION.zip on {PLUGINS_PAGE}; "
        "docs/companion.md says how, and nothing changes in the configuration but the token",
    )


def _rights(handshake: Handshake) -> Iterator[Finding]:
    held = handshake.capabilities
    for name in _missing(held.own):
        if name == _OF_A_TARGET:
            continue
        loss = _LOSSES.get(name, "the plugin cannot be used in full")
        yield Finding(
            Level.WARNING, SUBJECT, f"the account lacks {name}: {loss}", f"grant it to its role on {ROLES_PAGE}"
        )
    for name in _missing(held.optional):
        yield Finding(
            Level.NOTICE,
            SUBJECT,
            f"the account lacks {name}: anonymous events stay out of the action journal",
            f"grant it on {ROLES_PAGE} if they are wanted",
        )
    if core := _missing(held.core):
        yield Finding(
            Level.NOTICE,
            SUBJECT,
            f"the account lacks rights that only Moodle's core functions ask for: {', '.join(core)}",
            f"grant them on {ROLES_PAGE}, so that a pull works should the plugin ever be taken off",
        )


def _missing(capabilities: dict[str, bool | None]) -> list[str]:
    """Those that the account lacks; one that this release does not have is not missing."""
    return [name for name, held in capabilities.items() if held is False]


def _log(handshake: Handshake) -> Iterator[Finding]:
    log = handshake.log
    if not log.enabled:
        yield Finding(
            Level.WARNING,
            "log",
            "Moodle's standard log is switched off, so that nothing new comes into the action journal",
            f"enable the standard log on {LOG_PAGE}",
        )
    elif log.lifetime_days:
        yield Finding(
            Level.NOTICE,
            "log",
            f"Moodle forgets its log after {log.lifetime_days} days; what was pulled before is kept",
            f"pull well within that time, or set “Keep logs for” on {LOG_SETTINGS_PAGE}",
        )
    else:
        yield Finding(Level.OK, "log", "Moodle's standard log is on and kept for ever")


def _grade_history(handshake: Handshake) -> Iterator[Finding]:
    history = handshake.grade_history
    if history.enabled:
        kept = f"kept for {history.lifetime_days} days" if history.lifetime_days else "kept for ever"
        yield Finding(Level.OK, "grade history", f"Moodle's grade history is on and {kept}")
        return
    yield Finding(
        Level.WARNING,
        "grade history",
        "Moodle keeps no grade history, so that hiding, locking and excluding of grades is seen by whole readings only",
        f"switch “Disable grade history” off on {HISTORY_PAGE}",
    )


def _settling(handshake: Handshake) -> Iterator[Finding]:
    settled, now = handshake.settled_until, handshake.clock.time
    if settled is not None and now - settled <= handshake.limits.lag + STALE:
        return
    told = "nothing" if settled is None else f"only what is older than {(now - settled) // 60} minutes"
    yield Finding(
        Level.WARNING,
        SUBJECT,
        f"{told} has settled, so that changes come late: Moodle's cron does not run every minute, the plugin was "
        "installed a moment ago, or a database transaction does not end",
        f"run Moodle's cron every minute and look for the plugin's task on {CRON_PAGE}",
    )


def _pending(handshake: Handshake) -> Iterable[Finding]:
    if not handshake.grades_pending:
        return []
    courses = ", ".join(str(course) for course in handshake.grades_pending[:10])
    message = f"grades of {len(handshake.grades_pending)} courses wait for Moodle to compute them (course id {courses})"
    return [Finding(Level.NOTICE, "grades", message, "open each course's gradebook once")]
