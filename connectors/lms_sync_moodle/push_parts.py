"""What the three ways of showing issued documents in Moodle have in common.

Owns the question whether a target can be used at all, and the reading of identifiers. Must not know any target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from lms_sync.connector import Answer, Delivery, Receipt
from lms_sync.errors import SourceRefused
from lms_sync_moodle.refusals import PLUGINS_PAGE, SERVICES_PAGE
from lms_sync_moodle.site import MoodleSite

UNKNOWN_PERSON = "invaliduserid"
"""Moodle's own code for a learner whom it does not know."""

PLUGIN = "local_lmssync_"
"""How the names of the companion plugin's functions begin."""

PLUGIN_REMEDY = f"install the companion plugin on {PLUGINS_PAGE} and use a token of its service"

_LARGEST_ID = 2**63 - 1
T = TypeVar("T")


def require(site: MoodleSite, target: str, *functions: str) -> None:
    """Raises SourceRefused when the token's service lacks a function that the target is written with."""
    for function in missing(site, functions):
        remedy = PLUGIN_REMEDY if function.startswith(PLUGIN) else f"add it on {SERVICES_PAGE}"
        raise SourceRefused(
            f"Issued documents cannot be shown by the target {target}: {function} is not in the token's service; "
            f"{remedy}.",
            code="functionmissing",
        )


def missing(site: MoodleSite, functions: Sequence[str]) -> list[str]:
    """Those that the token may not call."""
    site.info()
    return [function for function in functions if not site.client.offers(function)]


def person_of(delivery: Delivery) -> int | None:
    """Moodle's id of the learner; None when the text is none."""
    return _identifier(delivery.learner)


def course_of(delivery: Delivery) -> int | None:
    """Moodle's id of the course; None when the delivery names none."""
    return _identifier(delivery.course)


def refused(delivery: Delivery, code: str) -> Receipt:
    """The receipt of a delivery that is never taken as it is."""
    return Receipt(delivery.subject, Answer.REFUSED, code=code)


def pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _identifier(text: str) -> int | None:
    number = int(text) if re.fullmatch(r"[1-9][0-9]{0,18}", text) else None
    return number if number is None or number <= _LARGEST_ID else None
