"""The file of columns: its shape, its contradictions, its lines; and the forms of days."""

from __future__ import annotations

import datetime as dt
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.date_forms import MONTHS, DateForm
from lms_sync.mapping.import_load import ImportColumns, load_import_columns
from lms_sync.mapping.load import load_mapping
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.records import DocumentStatus

TODAY = dt.date(2026, 11, 22)
SOUND = """format = 1
[columns]
registration_number = "Рег. №"
issue_date = "Дата"
full_name = ["ФИО", "Слушатель"]
programme_title = "Программа"
blank_number = { heading = "Бланк", digits = 6 }
[fixed]
document_kind = "advanced_training"
[words.status]
"выдан" = "handed_over"
"""


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping("moodle", [], timezone="Europe/Moscow")


def loaded(path: Path, mapping: Mapping, text: str) -> ImportColumns:
    (path / "columns.toml").write_text(text, encoding="utf-8")
    return load_import_columns(path / "columns.toml", mapping.documents)


def told(path: Path, mapping: Mapping, text: str) -> list[str]:
    """What is refused, each with its line."""
    with pytest.raises(ConfigError) as caught:
        loaded(path, mapping, text)
    return [f"{problem.where.rpartition(':')[2]}: {problem.message}" for problem in caught.value.problems]


def test_a_sound_file(tmp_path: Path, mapping: Mapping) -> None:
    file = loaded(tmp_path, mapping, SOUND).file
    named = file.columns.named()
    assert named["full_name"].heading == ["ФИО", "Слушатель"]
    assert (named["blank_number"].heading, named["blank_number"].digits) == (["Бланк"], 6)
    assert file.words.status == {"выдан": DocumentStatus.HANDED_OVER}
    assert (file.header_row, file.encoding, file.numbers_begin_anew) == (1, None, "never")


def test_the_shipped_example_is_sound_also_in_what_it_leaves_out_as_comments(tmp_path: Path, mapping: Mapping) -> None:
    text = resources.files("lms_sync_mappings").joinpath("import-documents.example.toml").read_text(encoding="utf-8")
    assert "registration_number" in loaded(tmp_path, mapping, text).file.columns.named()
    commented = [line for line in text.splitlines() if line.startswith("# ") and " = " in line and "`" not in line]
    more = text
    for line in commented:
        if not line.startswith(("# blank =", "# document_kind =", "# Case")):
            more = more.replace(line, line.removeprefix("# "), 1)
    for table in ("fixed", "words.sex"):
        more = more.replace(f"# [{table}]", f"[{table}]")
    more = more.replace('issue_place = "Место выдачи"', "", 1).replace(
        'match = ["snils"]', 'match = ["idnumber", "email"]'
    )
    file = loaded(tmp_path, mapping, more).file
    assert file.columns.named().keys() >= {"learner", "email", "rank", "sex", "proof", "replaces"}
    assert file.fixed.named() == {"issue_place": "Тверь"}


def test_the_manuals_example_is_sound(tmp_path: Path, mapping: Mapping) -> None:
    manual = (Path(__file__).parents[3] / "docs" / "documents.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```toml\n(.*?)```", manual.partition("### The file of columns")[2], re.S)
    file = loaded(tmp_path, mapping, block).file
    assert (file.header_row, file.numbers_begin_anew, file.learner.match) == (3, "year", ["snils"])


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path, mapping: Mapping) -> None:
    text = """format = 1
header_row = 0
encoding = "koi8-r"
dates = ["DD.MM"]
[columns]
registration_nummer = "Рег. №"
hours = 5
snils = { heading = "СНИЛС", digit = 11 }
[words.status]
"черновик" = "draft"
"выдан" = "given"
"""
    found = sorted(told(tmp_path, mapping, text), key=lambda one: int(one.partition(":")[0]))
    assert [one.partition(":")[0] for one in found] == ["2", "3", "4", "6", "7", "8", "10", "11"]
    assert "did you mean registration_number?" in found[3]
    assert "did you mean digits?" in found[5]
    assert "is no draft" in found[6]


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ('issue_date = "Дата"', "", 2, "nothing says issue_date"),
        ('registration_number = "Рег. №"', "", 2, "nothing says registration_number"),
        ('full_name = ["ФИО", "Слушатель"]', 'last_name = "Фамилия"', 2, "nothing says whose documents they are"),
        ('full_name = ["ФИО", "Слушатель"]', 'full_name = "ФИО"\nmiddle_name = "О"', 5, "full_name stands beside"),
        ('programme_title = "Программа"', 'programme_title = "П"\ndocument_kind = "Вид"', 10, "and a fixed value"),
        ("blank_number = ", 'blank = "Бланк"\nblank_number = ', 7, "stands beside blank_number"),
        ('issue_date = "Дата"', 'issue_date = "Дата"\nemail = "Почта"', 5, "serves only to find learners"),
        ("digits = 6 }", "serial_dates = true }", 7, "blank_number is no day"),
        ("[words.status]", '[learner]\nmatch = "snils"\n[words.status]', 10, "no column of it is named"),
        ('"advanced_training"', '"advanced_trainin"', 9, "did you mean advanced_training?"),
        (
            "[words.status]",
            '[words.document_kind]\n"Диплом" = "dplm"\n[words.status]',
            11,
            "no [[document]] named 'dplm'",
        ),
        ('"выдан" = ', '"ВЫДАН" = "issued"\n"выдан" = ', 10, "holds 'выдан' twice"),
        ("format = 1", "format = 2", 1, "reads files with format = 1"),
        ("[columns]", "[columns", 2, "is not valid TOML"),
    ],
)
def test_a_contradiction_is_found(
    tmp_path: Path, mapping: Mapping, old: str, new: str, line: int, problem: str
) -> None:
    assert old in SOUND
    [found] = told(tmp_path, mapping, SOUND.replace(old, new, 1))
    assert problem in found
    assert found.startswith(f"{line}: ")


def test_a_file_that_is_not_there(tmp_path: Path, mapping: Mapping) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_import_columns(tmp_path / "absent.toml", mapping.documents)


# --- days -------------------------------------------------------------------------------------------------------------


@given(st.dates(dt.date(1000, 1, 1)))
def test_a_day_that_was_written_in_a_form_is_read_again(day: dt.date) -> None:
    written = {
        "DD.MM.YYYY": f"{day.day:02}.{day.month:02}.{day.year}",
        "ДД/ММ/ГГГГ": f"{day.day}/{day.month}/{day.year}",
        "YYYY-MM-DD": day.isoformat(),
        "DD MMMM YYYY": f"{day.day} {MONTHS[day.month - 1].upper()} {day.year} г.",
    }
    for form, text in written.items():
        assert DateForm.parse(form).read(text, TODAY) == day


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{1,3}[./-][0-9]{1,3}[./-][0-9]{1,5}", fullmatch=True))
def test_what_is_read_is_a_day_that_there_is_and_that_stands_there(text: str) -> None:
    found = DateForm.parse("DD.MM.YYYY").read(text, TODAY)
    if found is not None:
        assert [found.day, found.month, found.year] == [int(part) for part in text.split(".")]


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("DD.MM.YYYY", "29.02.2024", dt.date(2024, 2, 29)),
        ("DD.MM.YYYY", "29.02.2023", None),
        ("DD.MM.YYYY", "00.01.2023", None),
        ("DD.MM.YYYY", "01.02.24", None),
        ("DD.MM.YYYY", "01.02.2024 0:00:00", dt.date(2024, 2, 1)),
        ("DD.MM.YYYY", "01.02.2024 10:15", None),
        ("DD.MM.YYYY", "01.02.2024г.", dt.date(2024, 2, 1)),
        ("DD.MM.YY", "01.02.26", dt.date(2026, 2, 1)),
        ("DD.MM.YY", "01.02.27", dt.date(1927, 2, 1)),
        ("DD MMMM YYYY", "1 брюмера 2024", None),
    ],
)
def test_days_at_the_edges(form: str, text: str, day: dt.date | None) -> None:
    assert DateForm.parse(form).read(text, TODAY) == day


@pytest.mark.parametrize("form", ["", "DD.MM", "DD.MM.YYYY.YYYY", "MM.MMMM.YYYY", "DD.MM.YYYY hh", "день"])
def test_what_is_no_form_of_a_day_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="must name day, month and year once each"):
        DateForm.parse(form)


# --- numbers that were given elsewhere --------------------------------------------------------------------------------

TEMPLATES = ("ПК-{year}-{number:04}", "{number}", "{number}/{year}", "{year}{number}", "У{day}{month}{year}{number}")


@given(st.sampled_from(TEMPLATES), st.integers(1, 10**9 - 1), st.dates())
def test_a_number_leads_back_to_its_place_whatever_its_day(text: str, ordinal: int, day: dt.date) -> None:
    template = NumberTemplate.parse(text)
    number = template.render(ordinal, day)
    assert template.place_of(number) == (template.series(day), ordinal)
    assert template.ordinal(number, day) == ordinal


@pytest.mark.parametrize(
    "number", ["ПК-2024-", "ПК-2024-0", "ПК-24-1", "пк-2024-1", "ПК-2024-1234567890", "ПК-2024-1 "]
)
def test_what_the_template_does_not_write_has_no_place(number: str) -> None:
    assert NumberTemplate.parse("ПК-{year}-{number}").place_of(number) is None
