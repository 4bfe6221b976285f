"""What `lms-sync doctor` says of the ways in which issued documents can be shown in Moodle.

Owns the findings about targets. Which of them an academy wants is not known here: so what is missing is a notice, never
a failure. Must not change anything in Moodle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lms_sync.connector import Finding, Level, Target
from lms_sync.errors import SourceRefused
from lms_sync_moodle import push_companion, push_note, push_profile, wire
from lms_sync_moodle.push_parts import PLUGIN, PLUGIN_REMEDY, missing
from lms_sync_moodle.refusals import ROLES_PAGE, SERVICES_PAGE
from lms_sync_moodle.site import MoodleSite

SUBJECT = "documents"
NOBODY = 0
"""No account has this id: writing it changes nothing, and is refused to whoever may write none."""


def examine_targets(site: MoodleSite) -> Iterator[Finding]:
    """A finding for each target. Raises what `MoodleSite.info` raises."""
    yield from _examine(site, push_companion.TARGET, (push_companion.UPSERT, push_companion.GET), _may_write_documents)
    yield from _examine(site, push_profile.TARGET, (push_profile.UPDATE, push_profile.GET), _may_update_accounts)
    functions = (push_note.CREATE, push_note.UPDATE, push_note.GET)
    yield from _examine(site, push_note.TARGET, functions, _may_write_notes)


def _examine(
    site: MoodleSite, target: Target, functions: tuple[str, ...], lacks: Callable[[MoodleSite], str]
) -> Iterator[Finding]:
    """`lacks` gives the rights that the account lacks, or a sentence of Moodle's refusal; empty: none."""
    if absent := missing(site, functions):
        remedy = PLUGIN_REMEDY if absent[0].startswith(PLUGIN) else f"add it on {SERVICES_PAGE}"
        names = ", ".join(absent)
        yield _notice(target, f"not in the token's service: {names}", f"{remedy}, if documents are to be shown there")
        return
    try:
        right = lacks(site)
    except SourceRefused as error:
        yield _notice(target, str(error).rstrip("."), "needed only if documents are to be shown there")
        return
    if right:
        remedy = f"grant it to the account's role on {ROLES_PAGE}, if documents are to be shown there"
        yield _notice(target, f"the account lacks {right}", remedy)
        return
    yield Finding(Level.OK, SUBJECT, f"the target {target.name} can be used: {target.title}")


def _notice(target: Target, reason: str, remedy: str) -> Finding:
    return Finding(Level.NOTICE, SUBJECT, f"the target {target.name} cannot be used: {reason}", remedy)


def _may_write_documents(site: MoodleSite) -> str:
    companion = site.companion()
    held = companion.handshake.capabilities.own.get(push_companion.RIGHT) if companion else None
    return push_companion.RIGHT if held is False else ""


def _may_update_accounts(site: MoodleSite) -> str:
    try:
        site.client.call(push_profile.UPDATE, {"users": [{"id": NOBODY}]}, answer=wire.Updated)
    except SourceRefused as error:
        if error.code == "nopermissions":
            return push_profile.RIGHT
        raise
    return ""


def _may_write_notes(site: MoodleSite) -> str:
    return "" if push_note.may_manage(site) else push_note.RIGHT
