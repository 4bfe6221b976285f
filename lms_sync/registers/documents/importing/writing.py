"""Lines that are taken over, as records: made, given their uids, and written with their holders."""

from __future__ import annotations

from collections.abc import Sequence

from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentHolder, DocumentOrigin, IssuedDocument
from lms_sync.records.documents import document_uid
from lms_sync.registers.documents.acts import Looking, write_documents
from lms_sync.registers.documents.importing.known import Judged
from lms_sync.registers.documents.importing.lines import Line
from lms_sync.registers.documents.importing.replacing import Originals
from lms_sync.store.documents import document_count
from lms_sync.store.register import RegisterWriter

SCOPE = ""
"""What was taken over belongs to no course of the LMS."""

_OF_HOLDER = ("last_name", "first_name", "middle_name", "birth_date", "snils", "citizenship", "sex")
_OF_DOCUMENT = tuple(
    name
    for name in Line.__struct_fields__
    if name in IssuedDocument.model_fields and name not in ("learner", "replaces")
)


class Scribe:
    """Writes documents in the order in which they come. Without a writer, or its pen, it only makes them."""

    def __init__(self, looking: Looking, writer: RegisterWriter | None, mapping: Mapping, sha256: str) -> None:
        self._writer = writer
        self._kinds = mapping.documents
        self._before = document_count(looking.connection, looking.source)
        self._count = 0
        self._reason = f"import of a register, SHA-256 of the file: {sha256}"
        self.series = dict[str, int]()

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last uid; empty while there is none."""
        if not self._count:
            return "", ""
        return document_uid(self._before + 1), document_uid(self._before + self._count)

    def lay_down_the_pen(self) -> None:
        """From now on nothing is written: all will be taken back."""
        self._writer = None

    def write(self, judged: Sequence[Judged], originals: Originals) -> None:
        """Writes sound lines, no two of which stand for one document."""
        records, replaced = list[IssuedDocument](), list[IssuedDocument]()
        for one in judged:
            self._count += 1
            original = originals.of(one.line) if one.line.replaces else None
            record = self._record(document_uid(self._before + self._count), one, original)
            records.append(record)
            originals.keep(record)
            if original is not None:
                replaced.append(originals.replace(original, record))
            if record.registration_ordinal is not None:
                last = self.series.get(record.registration_series, 0)
                self.series[record.registration_series] = max(last, record.registration_ordinal)
        if self._writer is None or not records:
            return
        holders = [_holder(record.uid, one) for record, one in zip(records, judged, strict=True)]
        self._writer.freeze(holders, SCOPE)  # first: whether the LMS is told of a document depends on its holder
        write_documents(self._writer, records, SCOPE, self._reason)
        if replaced:
            write_documents(self._writer, replaced, SCOPE, self._reason)

    def _record(self, uid: str, judged: Judged, original: IssuedDocument | None) -> IssuedDocument:
        line = judged.line
        kind = self._kinds.kind(line.document_kind)
        return IssuedDocument(
            uid=uid,
            title=kind.title,
            origin=DocumentOrigin.IMPORTED,
            learner=judged.learner,
            basis=kind.basis,
            blank_range=judged.blank_range,
            appendix=True if line.appendix_number else None,
            appendix_title=kind.appendix_title if line.appendix_number else "",
            replaces=original.uid if original else "",
            original=(original.original or original.uid) if original else "",
            mapping_version=self._kinds.version,
            **{name: getattr(line, name) for name in _OF_DOCUMENT},
        )


def _holder(uid: str, judged: Judged) -> DocumentHolder:
    values = {name: getattr(judged.line, name) for name in _OF_HOLDER}
    return DocumentHolder(document=uid, learner=judged.learner, **values)
