"""What a simulated LMS shows of issued documents, read from its own tables, against what the register says.

Knows the three targets' places in the sandbox and the texts that the mapping of `registrar.py` makes; nothing of how
they got there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from lms_sync.records import DocumentStatus, IssuedDocument
from lms_sync.sandbox import World
from lms_sync.store.documents import documents
from lms_sync.store.store import Store
from tests.simulation.registrar import FIELD
from tests.simulation.worker import SOURCE

OUT_OF_FORCE = {DocumentStatus.ANNULLED: "аннулирован", DocumentStatus.REPLACED: "заменён дубликатом"}
STATUSES = {DocumentStatus.ANNULLED: "revoked", DocumentStatus.REPLACED: "replaced"}


def untold(store: Store, world: World, targets: Sequence[str]) -> Iterator[str]:
    """Where the LMS does not show exactly the register's documents; people who are gone are left out."""
    with store.reading() as connection:
        told = [one.record for one in documents(connection, SOURCE) if one.record.registration_number]
    living = [one for one in told if _is_there(world, one)]
    if "companion" in targets:
        yield from _companion(world, living, told)
    if "note" in targets:
        yield from _notes(world, [one for one in living if int(one.course) in world.courses], told)
    if "profile" in targets:
        yield from _profiles(world, living)


def _is_there(world: World, document: IssuedDocument) -> bool:
    user = world.users.get(int(document.learner))
    return user is not None and not user.deleted


def _companion(world: World, living: list[IssuedDocument], told: list[IssuedDocument]) -> Iterator[str]:
    assert world.companion is not None
    kept = world.companion.documents.kept
    for one in living:
        shown = kept.get(one.uid)
        duplicate = one.replaced_by if one.status is DocumentStatus.REPLACED else ""
        wanted = (int(one.learner), one.registration_number, STATUSES.get(one.status, "issued"), duplicate)
        if shown is None:
            yield f"the companion does not show {one.uid}"
        elif (shown["userid"], shown["regnumber"], shown["status"], shown["replacedby"] or "") != wanted:
            yield f"the companion shows {one.uid} as {shown['status']} {shown['regnumber']}, not {wanted}"
    yield from (f"the companion shows {uid}, which was never issued" for uid in kept.keys() - {one.uid for one in told})


def _notes(world: World, living: list[IssuedDocument], told: list[IssuedDocument]) -> Iterator[str]:
    texts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for note in world.notes.values():
        if found := re.search(r"\((d\d+)\)", note.text):
            texts[found[1]].append((note.user, note.text))
    for one in living:
        shown = texts[one.uid]
        if len(shown) > 1:
            yield f"{len(shown)} notes tell of {one.uid}"
        elif not shown and one.status not in OUT_OF_FORCE:
            yield f"no note tells of {one.uid}"
        for user, text in shown:
            standing = OUT_OF_FORCE.get(one.status, one.programme_title)
            if user != int(one.learner) or one.registration_number not in text or standing not in text:
                yield f"the note of {one.uid} is about {user} and says {text}"
    yield from (f"a note tells of {uid}, which was never issued" for uid in texts.keys() - {one.uid for one in told})


def _profiles(world: World, living: list[IssuedDocument]) -> Iterator[str]:
    wanted: dict[int, list[IssuedDocument]] = defaultdict(list)
    for one in living:
        wanted[int(one.learner)] += [] if one.status in OUT_OF_FORCE else [one]
    for user, found in wanted.items():
        ordered = sorted(found, key=lambda one: (one.issue_date, one.uid))
        text = "; ".join(f"№ {one.registration_number} от {one.issue_date:%d.%m.%Y}" for one in ordered)
        if (shown := world.users[user].customfields.get(FIELD, "")) != text:
            yield f"the profile of {user} shows {shown!r}, not {text!r}"
