"""The target `profile`: custom profile fields of the learner's account, named by their short names.

Owns the writing of fields and nothing else of an account: a call names its id and the fields, so that Moodle changes no
other property of it than the time of its last change (`user/externallib.php: update_users`).

Moodle writes each account in a transaction of its own; who failed is told as a warning inside a success. A field that
the site does not have is passed over without a word, so what was written is read again until each field was seen once.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterable, Iterator, Sequence

from lms_sync.connector import Answer, Delivery, Receipt, Shown, Target
from lms_sync.errors import OutcomeUnknown, SourceError, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.push_parts import UNKNOWN_PERSON, person_of, pieces, refused, require
from lms_sync_moodle.refusals import UncleanAnswer
from lms_sync_moodle.site import MoodleSite

UPDATE = "core_user_update_users"
GET = "core_user_get_users_by_field"
RIGHT = "moodle/user:update"

TARGET = Target(
    "profile", "custom profile fields of the learner's account", values=None, per_learner=True, keeps_revoked=False
)

AT_ONCE = 50
"""Accounts in a call: Moodle takes some 20 ms for each."""

NOT_SHOWN = "fieldnotshown"
"""A field was written and is not told: the site has none of that short name, or the account may not see it."""

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TAG = re.compile(r"<[A-Za-z/!][^>]*>")
_TEXTS = {"text", "textarea"}
_EAST, _WEST = 14 * 3600, 12 * 3600  # seconds by which midnight can come before and after that of UTC
_MEMORY = "shown profile fields"


def send(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Receipt]:
    """See `Connector.send`."""
    require(site, TARGET.name, UPDATE, GET)
    _check_names(deliveries)
    known = [delivery for delivery in deliveries if person_of(delivery) is not None]
    for delivery in deliveries:
        if person_of(delivery) is None:
            yield refused(delivery, UNKNOWN_PERSON)
    for piece in pieces(known, _people_a_call(site, known)):
        failed = _update(site, piece)
        written = [delivery for delivery in piece if delivery.learner not in failed]
        unseen = _unseen(site, written)
        for delivery in piece:
            code = failed.get(delivery.learner) or unseen.get(delivery.learner)
            yield refused(delivery, code) if code else Receipt(delivery.subject, Answer.ACCEPTED, delivery.learner)


def look(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
    """See `Connector.look`. An account without a value shows an empty one."""
    require(site, TARGET.name, GET)
    yield from _shown(deliveries, _accounts(site, _people(deliveries)))


def survey(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
    """See `Connector.survey`. Only the profiles of the deliveries can be looked at, since Moodle lists no others; an
    account that Moodle cannot tell is left out, and keeps no other from being surveyed."""
    require(site, TARGET.name, GET)
    for people in pieces(_people(deliveries), AT_ONCE):
        yield from _shown(deliveries, _readable(site, people))


def _people(deliveries: Sequence[Delivery]) -> list[int]:
    return sorted({person for delivery in deliveries if (person := person_of(delivery)) is not None})


def _shown(deliveries: Sequence[Delivery], accounts: Iterable[wire.Account]) -> Iterator[Shown]:
    by_person = {person_of(delivery): delivery for delivery in deliveries}
    for account in accounts:
        if delivery := by_person.get(account.id):
            fields = {field.shortname: field for field in account.customfields or ()}
            values = {name: _text(fields.get(name), value) for name, value in delivery.values.items()}
            yield Shown(delivery.subject, str(account.id), values, external_id=str(account.id))


def _check_names(deliveries: Sequence[Delivery]) -> None:
    """Moodle refuses the whole call for a name that no field can have."""
    for name in {name for delivery in deliveries for name in delivery.values}:
        if not _NAME.fullmatch(name):
            raise SourceRefused(
                f"“{name}” cannot be the short name of a profile field (letters, digits, _ and -); write the short "
                "name into the mapping.",
                code="fieldname",
            )


def _people_a_call(site: MoodleSite, deliveries: Sequence[Delivery]) -> int:
    """How many accounts fit into a form with all their fields."""
    longest = max((1 + 2 * len(delivery.values) for delivery in deliveries), default=1)
    return max(1, min(AT_ONCE, site.client.room() // longest))


def _update(site: MoodleSite, deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Writes the fields; learner -> Moodle's code for each who was left as before."""
    users = [
        {
            "id": person_of(delivery),
            "customfields": [{"type": name, "value": value} for name, value in delivery.values.items()],
        }
        for delivery in deliveries
    ]
    answer = site.client.call(UPDATE, {"users": users}, answer=wire.Updated, safe=False)
    failed = {str(warning.itemid): _code(warning) for warning in answer.warnings}
    if not failed.keys() <= {str(person_of(delivery)) for delivery in deliveries}:
        raise OutcomeUnknown(f"Moodle does not say of whom a warning of {UPDATE} speaks; look before repeating.")
    return failed


def _code(warning: wire.Warning_) -> str:
    """Moodle's code, or one of ours for an error that has none."""
    code = re.sub(r"[^A-Za-z0-9_]", "", warning.warningcode)[:40]
    return code if code.strip("0") else "notsaved"


def _unseen(site: MoodleSite, written: Sequence[Delivery]) -> dict[str, str]:
    """Learner -> code, where a field that was just written is not told. Asks only until each field was told once.

    That this cannot be asked is no reason to doubt what was written: lms-sync looks at everything afterwards.
    """
    told: set[str] = site.once(_MEMORY, 0, set)
    doubtful = [one for one in written if {name for name, value in one.values.items() if value} - told]
    if not doubtful:
        return {}
    try:
        accounts = {account.id: account for account in _accounts(site, [person_of(one) or 0 for one in doubtful])}
    except SourceError:
        return {}
    unseen = {}
    for delivery in doubtful:
        account = accounts.get(person_of(delivery) or 0)
        names = {field.shortname for field in (account.customfields if account else None) or ()}
        if any(value and name not in names for name, value in delivery.values.items()):
            unseen[delivery.learner] = NOT_SHOWN
    return unseen


def _accounts(site: MoodleSite, people: Sequence[int]) -> Iterator[wire.Account]:
    """The accounts of these ids that there are, and keeps in mind which fields were told."""
    told: set[str] = site.once(_MEMORY, 0, set)
    for piece in site.client.chunks(people, at_most=AT_ONCE):
        for account in site.client.call(GET, {"field": "id", "values": list(piece)}, answer=list[wire.Account]):
            told.update(field.shortname for field in account.customfields or ())
            yield account


def _readable(site: MoodleSite, people: Sequence[int]) -> list[wire.Account]:
    """One unclean value fails the whole list, so then everybody is asked for alone; who cannot be told is left out."""
    try:
        return list(_accounts(site, people))
    except UncleanAnswer:
        return [] if len(people) == 1 else [one for person in people for one in _readable(site, [person])]


def _text(field: wire.CustomField | None, meant: str) -> str:
    """What a field shows, in the form in which it was meant."""
    value = (field.value if field else None) or ""
    if field is None or not value:
        return value
    if field.type == "datetime":  # a day is kept as the seconds of a midnight; none is not told
        return meant if _begins(meant, value) else _day(value)
    if field.displayvalue is None and field.type in _TEXTS:
        return _plain(value, meant)
    return value


def _plain(value: str, meant: str) -> str:
    """The text that Moodle 4.1 tells as HTML; tags and entities that were meant literally are lost on that way."""
    text, same = (html.unescape(_TAG.sub("", one)) for one in (value, meant))
    return meant if text == same else text


def _begins(day: str, seconds: str) -> bool:
    """Whether these are the epoch seconds at which a day (YYYY-MM-DD) begins somewhere on earth."""
    try:
        midnight = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC).timestamp()
        return -_EAST <= int(seconds) - midnight <= _WEST
    except ValueError:
        return False


def _day(seconds: str) -> str:
    """The day that begins nearest to these epoch seconds, since the site's time zone is not known."""
    try:
        return dt.datetime.fromtimestamp(int(seconds) + _WEST, dt.UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return seconds
