"""A connector over an LMS in memory that shows issued documents: the smallest example of a target, and a double.

Owns one target, `register`, a table of documents that refuses older revisions. Must not know the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lms_sync.connector import Answer, Delivery, Receipt, Shown, Target
from lms_sync.testing.memory import MemoryConnector

REGISTER = Target("register", "a table of documents", {"title": True, "number": False})


class MemoryShowingConnector(MemoryConnector):
    """Reads a `MemorySite` and shows documents in its `documents`."""

    def targets(self) -> Sequence[Target]:
        """See `Connector.targets`."""
        return (REGISTER,)

    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        """See `Connector.send`. Refuses learners whom the site does not have."""
        self._raise_if_down()
        return [self._write(delivery) for delivery in deliveries]

    def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """See `Connector.look`."""
        self._raise_if_down()
        kept = self._site.documents
        return [_shown(kept[delivery.subject]) for delivery in deliveries if delivery.subject in kept]

    def survey(self, target: str, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
        """See `Connector.survey`."""
        self._raise_if_down()
        yield from map(_shown, self._site.documents.values())

    def _write(self, delivery: Delivery) -> Receipt:
        kept = self._site.documents.get(delivery.subject)
        if ("person", delivery.learner) not in self._site.objects:
            return Receipt(delivery.subject, Answer.REFUSED, code="unknown_person")
        if kept is not None and kept.revision > delivery.revision:
            return Receipt(delivery.subject, Answer.REFUSED, code="stale")
        self._site.documents[delivery.subject] = delivery
        return Receipt(delivery.subject, Answer.ACCEPTED, external_id=delivery.subject)


def _shown(kept: Delivery) -> Shown:
    return Shown(
        subject=kept.subject,
        learner=kept.learner,
        values=kept.values,
        external_id=kept.subject,
        revision=kept.revision,
        standing=kept.standing,
        replaced_by=kept.replaced_by,
    )
