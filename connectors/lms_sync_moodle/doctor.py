"""What `lms-sync doctor` says of a Moodle site: from the address to every function, each finding with its remedy.

Owns the walk and everything that needs no course. Must not change anything in Moodle. The rights are probed in
`lms_sync_moodle.probes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lms_sync.connector import Finding, Level, SiteAccess
from lms_sync.errors import SourceAnswerInvalid, SourceDenied, SourceError, SourceUnavailable
from lms_sync_moodle import wire
from lms_sync_moodle.companion_doctor import examine_companion
from lms_sync_moodle.derived_actions import ASSIGNMENTS, COMPLETION, SUBMISSIONS
from lms_sync_moodle.derived_actions import OPTIONAL as JOURNAL
from lms_sync_moodle.probes import probe_rights
from lms_sync_moodle.push_doctor import examine_targets
from lms_sync_moodle.quiz_attempts import NEWER, OLDER, REVIEW, UPDATES
from lms_sync_moodle.refusals import SERVICES_PAGE
from lms_sync_moodle.site import MoodleSite

OLDEST, NEWEST = (4, 1), (5, 1)
"""The releases whose answers lms-sync knows."""

LARGEST_SKEW = 60
"""Seconds by which the clocks may differ before it is worth a word."""

REQUIRED = (
    "core_course_get_courses_by_field",
    "core_enrol_get_enrolled_users",
    "gradereport_user_get_grade_items",
    "mod_quiz_get_quizzes_by_courses",
)
USEFUL = {
    UPDATES: "without it every pull reads everything again, and attempts of people who left are not seen",
    REVIEW: "without it attempts of people who left before they were seen cannot be read",
    ASSIGNMENTS: "without it assignments that were handed in are not in the action journal",
    SUBMISSIONS: "without it assignments that were handed in are not in the action journal",
    COMPLETION: "without it completed activities are not in the action journal",
    "core_course_get_categories": "without it a course's category path has one name only",
}
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def examine(access: SiteAccess, site: MoodleSite) -> Iterator[Finding]:
    """The findings in the order in which an operator would mend them; stops where nothing further can be known."""
    yield from _address(access)
    try:
        info = site.info()
    except SourceError as error:
        yield _no_answer(error)
        return
    yield Finding(Level.OK, "connection", f"Moodle {info.release or 'of unknown release'} answers and takes the token")
    yield from _site_address(access, info)
    yield from _clock(site)
    yield from _release(info)
    yield from _account(info)
    yield from examine_companion(site)
    missing = list(_functions(site))
    yield from missing or [Finding(Level.OK, "functions", "every function that lms-sync calls is in the service")]
    if not any(finding.level is Level.FAILURE for finding in missing):
        yield from probe_rights(site)
    yield from _targets(site)


def _targets(site: MoodleSite) -> Iterator[Finding]:
    try:
        yield from examine_targets(site)
    except SourceError as error:
        yield Finding(Level.WARNING, "documents", str(error), "run doctor again")


def _address(access: SiteAccess) -> Iterator[Finding]:
    parts = urlsplit(access.url)
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        yield Finding(
            Level.WARNING,
            "address",
            "the token travels unencrypted, because the url begins with http://",
            "write https:// in the source's url",
        )
    if parts.username or parts.password or parts.query:
        yield Finding(
            Level.WARNING,
            "address",
            "the url holds more than an address",
            "write only https://, the host and the folder of Moodle, without names, passwords and parameters",
        )
    if not access.verify_tls:
        yield Finding(
            Level.WARNING,
            "tls",
            "the server's certificate is not checked, so that anybody in between can read the token",
            "remove verify_tls = false, and name a private authority in REQUESTS_CA_BUNDLE",
        )


def _no_answer(error: SourceError) -> Finding:
    subject = "connection"
    remedy = "open the source's url in a browser on this machine"
    if isinstance(error, SourceDenied):
        at_the_door = error.code in {"redirect", "url"} or error.code.startswith("http")
        subject = "address" if at_the_door else "token"
        remedy = "correct the source's url" if at_the_door else f"check the service on {SERVICES_PAGE}"
    elif isinstance(error, SourceAnswerInvalid):
        subject, remedy = "answer", "see the web server's error log"
    elif isinstance(error, SourceUnavailable) and error.maintenance:
        remedy = "wait until the maintenance is over"
    return Finding(Level.FAILURE, subject, str(error), remedy)


def _site_address(access: SiteAccess, info: wire.SiteInfo) -> Iterator[Finding]:
    if info.siteurl and info.siteurl.rstrip("/") != access.url.rstrip("/"):
        yield Finding(
            Level.NOTICE,
            "address",
            "Moodle calls itself by another address than the source's url",
            "write the address of $CFG->wwwroot, unless lms-sync is meant to go another way",
        )


def _clock(site: MoodleSite) -> Iterator[Finding]:
    skew = site.client.clock_skew
    if skew is None:
        yield Finding(
            Level.NOTICE,
            "clock",
            "the server sends no Date, so that this machine's clock is used in its place",
            "let the web server send the Date header, and keep both clocks right with NTP",
        )
    elif abs(skew) > LARGEST_SKEW:
        way = "ahead of" if skew > 0 else "behind"
        yield Finding(
            Level.WARNING,
            "clock",
            f"Moodle's clock is {abs(round(skew))} s {way} this machine's",
            "keep both clocks right with NTP",
        )
    else:
        yield Finding(Level.OK, "clock", "Moodle's clock agrees with this machine's")


def _release(info: wire.SiteInfo) -> Iterator[Finding]:
    numbers = re.match(r"(\d+)\.(\d+)", info.release)
    if numbers and OLDEST <= (int(numbers[1]), int(numbers[2])) <= NEWEST:
        yield Finding(Level.OK, "release", f"Moodle {numbers[0]} is supported")
        return
    yield Finding(
        Level.WARNING,
        "release",
        f"this release of Moodle was not tried; 4.1 to 5.1 were (here: {info.release or 'not said'})",
        "compare a course's grades with Moodle's own report before relying on them",
    )


def _account(info: wire.SiteInfo) -> Iterator[Finding]:
    if info.userissiteadmin:
        yield Finding(
            Level.WARNING,
            "account",
            "the token belongs to a site administrator: whoever finds it can do everything",
            "make an account of its own with a reader's role, and a token for it",
        )
    elif info.userissiteadmin is None:
        yield Finding(Level.NOTICE, "account", "Moodle does not say whether the account is a site administrator")
    else:
        yield Finding(Level.OK, "account", "the account is not a site administrator")


def _functions(site: MoodleSite) -> Iterator[Finding]:
    add = f"add it to the service on {SERVICES_PAGE}"
    for function in REQUIRED:
        if not site.client.offers(function):
            yield Finding(Level.FAILURE, "functions", f"{function} is not in the token's service", add)
    for function, loss in USEFUL.items():
        needless = function in JOURNAL and site.companion() is not None  # it has the log itself
        if not site.client.offers(function) and not needless:
            yield Finding(Level.WARNING, "functions", f"{function} is not in the token's service; {loss}", add)
    if not site.client.offers(NEWER) and not site.client.offers(OLDER):
        yield Finding(Level.FAILURE, "functions", f"neither {NEWER} nor {OLDER} is in the token's service", add)
    elif not site.client.offers(NEWER) and _is_new(site.info()):
        loss = "submitted attempts that are not marked yet pass for finished ones"
        yield Finding(Level.WARNING, "functions", f"{NEWER} is not in the token's service; {loss}", add)


def _is_new(info: wire.SiteInfo) -> bool:
    major = info.release.split(".")[0]
    return major.isdigit() and int(major) >= 5
