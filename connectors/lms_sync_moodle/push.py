"""The ways in which Moodle can show issued documents, and which module carries each.

Owns the names of the targets. Must not know how any of them is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lms_sync.connector import Delivery, Receipt, Shown, Target
from lms_sync_moodle import push_companion, push_note, push_profile
from lms_sync_moodle.site import MoodleSite

Sender = Callable[[MoodleSite, Sequence[Delivery]], Iterator[Receipt]]
Looker = Callable[[MoodleSite, Sequence[Delivery]], Iterator[Shown]]


class Strategy(NamedTuple):
    """How one target is written and read back; see `lms_sync.connector.Connector`."""

    target: Target
    send: Sender
    look: Looker
    survey: Looker


STRATEGIES: dict[str, Strategy] = {
    module.TARGET.name: Strategy(module.TARGET, module.send, module.look, module.survey)
    for module in (push_companion, push_profile, push_note)
}

TARGETS: tuple[Target, ...] = tuple(strategy.target for strategy in STRATEGIES.values())
