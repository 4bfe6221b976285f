"""The registers of a small academy to the letter: `golden/NAME.csv` and `golden/NAME.json`, as a registrar gets them.

After a change that is meant: `python -m tests.integration.registers.test_documents_golden` writes them anew. Read the
difference: a golden file is a statement about the form of a document, and people sign these.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms_sync.mapping.load import load_mapping
from lms_sync.records import AttestationKind, Commission, CommissionMember, ControlForm, DocumentStatus
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
from lms_sync.report.json_out import write_json
from lms_sync.report.period import Period
from lms_sync.report.recognitions import recognition_minutes, recognition_register
from lms_sync.report.record_book import record_book
from lms_sync.report.sheet import sheet
from lms_sync.report.standing import Selection
from lms_sync.store.documents import closed_at
from lms_sync.store.recognitions import erased_applications, named
from lms_sync.store.study import StudyScope, study
from tests.integration.registers.conftest import graduates
from tests.integration.registers.papers import THURSDAY, Papers
from tests.integration.registers.world import SOURCE, opened

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("list", "issuance", "duplicates", "export", "blanks", "recognitions", "minutes", "record_book", "sheet")
RULES = """
format = 1

[documents]
organisation = "АНО ДПО «Пример»"
issue_place = "Тверь"
signatories = [{ name = "Яшин Ё. Ж.", position = "директор" }, { name = "Белова В. Г." }]

[[document]]
name = "advanced_training"
number = "УПК-{year}/{number:03}"
appendix_title = "Приложение к удостоверению"
appendix_number = "П-{number}"
"""
DAY = dt.timedelta(days=1)


def a_year(papers: Papers) -> None:
    """A loss with its duplicate, an annulled misprint with its blank, a справка, a draft; and five applications."""
    papers.receive("000006", "000010", invoice="накладная № 7, «Гознак»")
    papers.draft()
    papers.issue("d000001")
    papers.hand_over("d000001", how="по доверенности", received_by="Ёлкин О. О., доверенность № 3")
    papers.issue("d000002")
    papers.annul("d000002", "опечатка в фамилии")
    papers.spoil("000002", act="акт № 1 от 05.03.2026")
    papers.draft()  # the second learner's document anew
    papers.draft_for("3", "study", reason="аттестация не пройдена")
    papers.issue("d000004")
    papers.lose("d000001", proof="объявление в газете «Пример» № 12")
    papers.duplicate("d000001")
    papers.issue("d000005")
    papers.spoil("000009", act="акт № 2 от 05.03.2026")


def applications(papers: Papers) -> None:
    """Of every state one, and one whose learner was erased."""
    world = papers.world
    kinds = {"attestation_kind": AttestationKind.INTERMEDIATE, "control_form": ControlForm.EXAM}
    world.column("20", title="Экзамен", position=1, **kinds)
    world.column("21", title="Практика", position=2, **kinds | {"control_form": ControlForm.PRACTICE})
    world.person("4", "Гусева Яна Юрьевна")
    world.entry("1", 85, "20", mark=4, mark_text="хорошо", passed=True)
    from_college = {"source_document": "диплом", "source_number": "АБ 123456", "source_date": dt.date(2020, 6, 30)}
    papers.apply("1", grade_item="20", hours=36, mark_text="зачтено", number="15", date=THURSDAY - DAY, **from_college)
    papers.apply("2", grade_item="21", subject="Практика, учебная", number="16")
    papers.apply("3", hours=72, number="17", source_organisation="ФГБОУ ВО «Другой»", **from_college)
    papers.apply("1", grade_item="21", subject="Практика", number="18")
    papers.apply("4", grade_item="20", number="19")
    papers.apply("2", grade_item="20", number="20", mark_text="отлично")
    papers.decide("z0001", "z0006", number="3")
    papers.decide("z0002", number="3", recognised=False, reason="не совпадают часы")
    papers.decide("z0003", number="3")
    papers.withdraw("z0003", "справка другой организации не подтверждена")
    papers.store.erase_learner(SOURCE, "4", "registrar", "отзыв согласия")


def tables(papers: Papers) -> dict[str, Table]:
    """Every register as its command builds it."""
    documents, known = papers.all(), papers.applications()
    period = Period(papers.mapping.zone)
    of_learner = study(papers.store, StudyScope(SOURCE, learner="1"))
    of_course = study(papers.store, StudyScope(SOURCE, course="5"))
    with papers.store.reading() as connection:
        days = closed_at(connection, SOURCE, [one.record.protocol for one in documents])
        names = named(connection, SOURCE, known)
        erased = len(erased_applications(connection, SOURCE))
    around = Around(
        {number: instant.astimezone(period.zone).date() for number, instant in days.items()},
        {one.record.uid: one.record for one in documents},
    )
    chair = CommissionMember(name="Яшин Ё. Ж.", position="директор")
    commission = Commission(name="о зачёте", order="приказ № 3", chair=chair, secretary=CommissionMember(name="Г. А."))
    of_meeting = [one for one in known if one.minutes_number == "3"]
    return {
        "list": register_table(documents),
        "issuance": issuance_sheet(documents, around),
        "duplicates": duplicate_register(documents, around),
        "export": export_table(documents),
        "blanks": blanks_table(papers.balance()),
        "recognitions": recognition_register(known, names, period, erased),
        "minutes": recognition_minutes(of_meeting, names, commission),
        "record_book": record_book(of_learner, Selection(period)),
        "sheet": sheet(of_course, Selection(period, item="20")),
    }


def written(papers: Papers) -> dict[str, str]:
    """Each register as the text of a CSV and of a JSON file. Instead of the mapping's version stands MAPPING."""
    found = {}
    for name, table in tables(papers).items():
        for ending, write in (("csv", write_csv), ("json", write_json)):
            stream = io.StringIO(newline="")
            write(table, stream)
            found[f"{name}.{ending}"] = stream.getvalue().replace(papers.mapping.documents.version, "MAPPING")
    return found


def academy(url: str, directory: Path) -> Iterator[Papers]:
    """The academy after its year."""
    rules = directory / "academy.toml"
    rules.write_text(RULES, encoding="utf-8")
    mapping = load_mapping("moodle", [rules], timezone="Europe/Moscow")
    with opened(url, mapping) as world:
        papers = graduates(world, directory)
        a_year(papers)
        applications(papers)
        yield papers


@pytest.fixture
def papers_of_a_year(new_sqlite: str, tmp_path: Path) -> Iterator[Papers]:
    """See `academy`."""
    yield from academy(new_sqlite, tmp_path)


def test_every_register_is_what_was_approved(papers_of_a_year: Papers) -> None:
    found = written(papers_of_a_year)
    assert set(found) == {path.name for path in GOLDEN.iterdir()}
    for name, text in found.items():
        assert text == (GOLDEN / name).read_bytes().decode("utf-8"), name
    assert papers_of_a_year.sound()
    statuses = {one.record.status for one in papers_of_a_year.all()}
    assert statuses == set(DocumentStatus) - {DocumentStatus.LOST, DocumentStatus.HANDED_OVER}


def write_anew() -> None:
    """Writes the golden files."""
    from lms_sync.store.store import Store

    directory = Path(tempfile.mkdtemp())
    try:
        url = f"sqlite:///{directory / 'records.db'}"
        Store.open(url).close()
        for papers in academy(url, directory):
            for name, text in written(papers).items():
                (GOLDEN / name).write_bytes(text.encode("utf-8"))
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    write_anew()
