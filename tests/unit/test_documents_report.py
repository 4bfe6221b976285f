"""The register, the issuance sheet, the register of duplicates and the account of blanks as tables."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from lms_sync.records import DocumentStatus
from lms_sync.registers.documents.blanks import Balance
from lms_sync.report.captions import ERASED
from lms_sync.report.csv_out import write_csv
from lms_sync.report.documents import (
    Around,
    blanks_table,
    duplicate_register,
    export_table,
    issuance_sheet,
    register_table,
)
from lms_sync.report.interface import Table
from lms_sync.store.documents import StoredDocument
from tests.integration.store import document_samples

NOTHING = Around({}, {})


def stored(ordinal: int = 1, *, erased: bool = False, **fields: Any) -> StoredDocument:
    holder = None if erased else document_samples.holder(ordinal, received_by=fields.pop("received_by", ""))
    return StoredDocument(document_samples.document(ordinal, **fields), holder, 1, "course/5")


def column(table: Table, key: str) -> list[Any]:
    place = [one.key for one in table.columns].index(key)
    return [row[place] for row in table.rows]


def test_the_sheet_goes_by_day_and_number_and_leaves_out_drafts() -> None:
    table = issuance_sheet(
        [
            stored(1, issue_date=dt.date(2026, 4, 1), registration_ordinal=10, registration_number="10"),
            stored(2, issue_date=dt.date(2026, 4, 1), registration_ordinal=9, registration_number="9"),
            stored(3, issue_date=dt.date(2026, 3, 1), registration_ordinal=11, registration_number="11"),
            stored(4, status=DocumentStatus.DRAFT, registration_number=""),
        ],
        NOTHING,
    )
    assert column(table, "registration_number") == ["11", "9", "10"]
    assert column(table, "place") == [1, 2, 3]
    assert table.notes == ["Всего документов: 3", "Ответственный за выдачу ____________________"]


def test_a_sheet_names_the_protocol_with_its_day_or_the_reason() -> None:
    around = Around({"12/2026": dt.date(2026, 3, 2)}, {})
    table = issuance_sheet([stored(1), stored(2, protocol="", basis_reason="отчислен")], around)
    assert column(table, "protocol_words") == ["12/2026 от 02.03.2026", "отчислен"]


def test_a_sheet_of_one_kind_says_which_and_names_appendices_where_there_are_any() -> None:
    sheet = issuance_sheet([stored(1), stored(2)], NOTHING)
    assert sheet.title == "Ведомость выдачи документов: Удостоверение о повышении квалификации"
    assert column(sheet.for_people(), "appendix_number") == ["П-1", "П-2"]
    plain = issuance_sheet([stored(1, appendix_number=""), stored(2, title="Сертификат", appendix_number="")], NOTHING)
    assert plain.title == "Ведомость выдачи документов"
    assert "appendix_number" not in {one.key for one in plain.for_people().columns}


def test_the_receipt_is_empty_until_it_is_signed() -> None:
    waiting = stored(1, status=DocumentStatus.ISSUED, handed_at=None, handed_how="")
    by_proxy = stored(2, handed_how="по доверенности", received_by="Ёлкин О. О.")
    assert column(issuance_sheet([waiting, by_proxy], NOTHING), "receipt") == ["", "по доверенности, Ёлкин О. О."]


def test_what_is_out_of_force_says_so() -> None:
    table = register_table(
        [
            stored(1, status=DocumentStatus.REPLACED, replaced_by="d000002"),
            stored(2, replaces="d000001"),
            stored(3, status=DocumentStatus.ANNULLED),
            stored(4),
        ]
    )
    assert column(table, "note") == ["заменён дубликатом, d000002", "дубликат взамен d000001", "аннулирован", ""]


def test_an_erased_holder_has_no_name_and_keeps_the_line() -> None:
    for table in (register_table([stored(erased=True)]), issuance_sheet([stored(erased=True)], NOTHING)):
        assert column(table, "full_name") == [ERASED]
        assert column(table, "registration_number") == ["ПК-2026-0001"]
    export = export_table([stored(erased=True)])
    assert column(export, "snils") == [None]
    assert column(export, "blank_number") == ["000001"]


def test_the_register_of_duplicates_names_the_original() -> None:
    original = document_samples.document(1)
    duplicate = stored(2, replaces="d000001", reason="утрата", proof="объявление")
    table = duplicate_register([duplicate, stored(3)], Around({}, {"d000001": original}))
    assert column(table, "original_words") == ["ПК 000001, № ПК-2026-0001 от 02.03.2026"]
    assert (column(table, "reason"), column(table, "proof")) == (["утрата"], ["объявление"])
    assert column(table, "note") == ["дубликат взамен № ПК-2026-0001"]
    parts = ("uid", "blank_series", "blank_number", "registration_number", "issue_date")
    assert [column(table, f"original_{part}")[0] for part in parts] == [getattr(original, part) for part in parts]


def test_an_export_holds_every_field_and_no_formula() -> None:
    table = export_table([stored(1, programme_title="=HYPERLINK(1)", qualification="+7")])
    stream = io.StringIO()
    write_csv(table, stream)
    assert "'=HYPERLINK(1)" in stream.getvalue()
    assert "'+7" in stream.getvalue()
    named = {one.key for one in table.columns}
    assert set(type(document_samples.document()).model_fields) <= named
    assert column(table, "signatories") == ["Яшин Ё. Ж., директор; Б. «В» Г."]
    assert column(table, "status") == ["вручён"]


def test_blanks_in_a_line_a_range() -> None:
    written_off = (document_samples.spoiled("000050"), document_samples.spoiled("000051", act="акт № 2"))
    [row] = blanks_table([Balance(document_samples.blanks(), 3, 2, 95, "000005", written_off)]).rows
    assert list(row[-6:]) == [100, 3, 2, 95, "000005", "000050: акт № 1; 000051: акт № 2"]
    assert row[1] == "advanced_training, retraining"


def test_every_column_has_a_russian_caption() -> None:
    tables = (
        register_table([]),
        issuance_sheet([], NOTHING),
        duplicate_register([], NOTHING),
        blanks_table([]),
        export_table([]),
    )
    assert [one.key for table in tables for one in table.columns if one.caption.isascii()] == []
