"""Issued documents with every field filled, and what belongs to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lms_sync.records import (
    BlankRange,
    DocumentBasis,
    DocumentHolder,
    DocumentPush,
    DocumentScan,
    DocumentStatus,
    IssuedDocument,
    ProgrammeKind,
    PushState,
    Recognition,
    RecognitionState,
    Record,
    Signatory,
    SpoiledBlank,
)

SOME_TIME = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
DIGEST = "ab" * 32


def document(ordinal: int = 1, **fields: Any) -> IssuedDocument:
    """The `ordinal`th document of the register, handed over: number and blank follow from the ordinal."""
    return IssuedDocument(
        **{
            "uid": f"d{ordinal:06}",
            "document_kind": "advanced_training",
            "title": "Удостоверение о повышении квалификации",
            "appendix_title": "Приложение «А», к удостоверению",
            "status": DocumentStatus.HANDED_OVER,
            "learner": "9",
            "basis": DocumentBasis.PASSED,
            "basis_reason": "нет",
            "protocol": "12/2026",
            "result": "7/9/attempt-2",
            "result_version": 1,
            "mark": 4,
            "mark_text": "хорошо",
            "passed": True,
            "course": "5",
            "programme_title": "Охрана труда",
            "programme_kind": ProgrammeKind.ADVANCED_TRAINING,
            "hours": 72,
            "studied_from": dt.date(2026, 2, 1),
            "studied_to": dt.date(2026, 3, 1),
            "qualification": "Специалист",
            "profession": "Слесарь",
            "rank": "4",
            "honours": False,
            "registration_number": f"ПК-2026-{ordinal:04}",
            "registration_series": "ПК-2026-{number}",
            "registration_ordinal": ordinal,
            "blank_range": "b0001",
            "blank_series": "ПК",
            "blank_number": f"{ordinal:06}",
            "appendix": True,
            "appendix_number": f"П-{ordinal}",
            "appendix_series": "П-{number}",
            "appendix_ordinal": ordinal,
            "issue_date": dt.date(2026, 3, 2),
            "issue_place": "Тверь",
            "organisation": "АНО ДПО «Пример»",
            "signatories": [Signatory(name="Яшин Ё. Ж.", position="директор"), Signatory(name="Б. «В» Г.")],
            "handed_at": dt.date(2026, 3, 3),
            "handed_how": "лично",
            "reason": "исправлена программа",
            "proof": "справка",
            "mapping_version": "mapping-1",
            **fields,
        }
    )


def holder(ordinal: int = 1, **fields: Any) -> DocumentHolder:
    """Its holder."""
    return DocumentHolder(
        **{
            "document": f"d{ordinal:06}",
            "learner": "9",
            "last_name": "Ёлкина",
            "first_name": "Дарья",
            "middle_name": "Олеговна",
            "name_dative": "Ёлкиной Дарье Олеговне",
            "birth_date": dt.date(1990, 2, 28),
            "snils": "112-233-445 95",
            "citizenship": "RU",
            "sex": "Жен",
            "received_by": "Ёлкин О. О., доверенность № 3",
            **fields,
        }
    )


def scan(ordinal: int = 1, **fields: Any) -> DocumentScan:
    """A scan of it."""
    return DocumentScan(
        **{
            "document": f"d{ordinal:06}",
            "learner": "9",
            "sha256": DIGEST,
            "name": "Ёлкина.pdf",
            "media_type": "application/pdf",
            "size": 1234,
            "attached_at": SOME_TIME,
            **fields,
        }
    )


def blanks(**fields: Any) -> BlankRange:
    """A hundred blanks."""
    return BlankRange(
        **{
            "uid": "b0001",
            "document_kinds": ["advanced_training", "retraining"],
            "series": "ПК",
            "first": "000001",
            "last": "000100",
            "received_on": dt.date(2026, 1, 15),
            "invoice": "накладная № 7",
            **fields,
        }
    )


def spoiled(number: str = "000050", **fields: Any) -> SpoiledBlank:
    """One of them spoiled."""
    return SpoiledBlank(
        **{
            "blank_range": "b0001",
            "series": "ПК",
            "number": number,
            "act": "акт № 1",
            "reason": "опечатка",
            **fields,
        }
    )


def recognition(person: str = "9", **fields: Any) -> Recognition:
    """A recognised result of another organisation."""
    return Recognition(
        **{
            "uid": "z0001",
            "state": RecognitionState.RECOGNISED,
            "learner": person,
            "course": "5",
            "grade_item": "7",
            "subject": "Охрана труда",
            "hours": 36,
            "mark_text": "зачтено",
            "source_organisation": "ГБПОУ «Образец»",
            "source_document": "диплом на имя Ёлкина Дарья",
            "source_number": "АБ 123",
            "source_date": dt.date(2020, 6, 30),
            "application_number": "15",
            "application_date": dt.date(2026, 1, 20),
            "minutes_number": "3",
            "minutes_date": dt.date(2026, 1, 25),
            "reason": "совпадает содержание",
            **fields,
        }
    )


def push(**fields: Any) -> DocumentPush:
    """Its way into the LMS."""
    return DocumentPush(
        **{
            "document": "d000001",
            "target": "companion",
            "learner": "9",
            "document_version": 3,
            "state": PushState.CONFIRMED,
            "revision": 2,
            "attempts": 1,
            "due_at": SOME_TIME,
            "last_error": "timeout",
            "external_id": "17",
            "content_hash": DIGEST,
            "idempotency_key": "academy/d000001/2",
            **fields,
        }
    )


def every_kind() -> list[Record]:
    """One record of each kind."""
    return [blanks(), spoiled(), document(), holder(), scan(), recognition(), push()]
