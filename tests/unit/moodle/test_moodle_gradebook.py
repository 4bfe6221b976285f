"""The user report's fields and HTML: words, icons, columns and which grades hold anything."""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms_sync_moodle import wire
from lms_sync_moodle.gradebook import (
    Columns,
    empty_keys,
    grade_records,
    is_pending,
    read_formatted,
    read_range,
    scale_word,
)

PASS_5 = '<i class="icon fa fa-check text-success fa-fw inline"  title="Pass" role="img" aria-label="Pass"></i>'
FAIL_5 = '<i class="icon fa fa-xmark text-danger fa-fw inline"  title="Fail" role="img" aria-label="Fail"></i>'
FAIL_4 = '<i class="icon fa fa-times text-danger fa-fw " title="Не сдано" role="img" aria-label="Не сдано"></i>'
PASS_IMAGE = (
    '<img class="icon inline" alt="Pass" title="Pass" src="https://lms.example.com/theme/image.php/x/core/1/i/valid" />'
)
FAIL_IMAGE = PASS_IMAGE.replace("i/valid", "i/invalid")
STATUS_ICONS = '<div class="text-muted gradestatus">\n <i class="icon fa fa-check" title="Overridden"></i>\n </div>'
PENALTY = '<span class="penalty-indicator"><i class="icon fa text-danger" title="Late"></i> -10</span>'


def item(**fields: Any) -> wire.GradeItem:
    values = {"id": 1, "itemtype": "manual", "grademin": Decimal(1), "grademax": Decimal(4), **fields}
    return wire.GradeItem(**values)


@pytest.mark.parametrize(
    ("markup", "text", "passed"),
    [
        (PASS_5 + "66.67", "66.67", True),
        (FAIL_5 + "0.00", "0.00", False),
        (FAIL_4 + "0,00", "0,00", False),
        (PASS_IMAGE + "зачтено", "зачтено", True),
        (FAIL_IMAGE + "не зачтено", "не зачтено", False),
        ("-", "-", None),
        ("", "", None),
        (None, "", None),
        ("отлично" + STATUS_ICONS, "отлично", None),
        (PASS_5 + "хорошо" + PENALTY, "хорошо", True),
        ("хорошо" + PENALTY, "хорошо", None),
        ("Ж &amp; &quot;к&quot; 5 &lt; 6 &gt; 3", 'Ж & "к" 5 < 6 > 3', None),
    ],
)
def test_a_formatted_grade(markup: str | None, text: str, passed: bool | None) -> None:
    read = read_formatted(markup)
    assert (read.text, read.passed) == (text, passed)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(word=WORDS, icon=st.sampled_from(["", PASS_5, FAIL_5, FAIL_4, PASS_IMAGE]), tail=st.sampled_from(["", PENALTY]))
def test_any_word_comes_back_whole_from_between_the_icons(word: str, icon: str, tail: str) -> None:
    read = read_formatted(icon + html.escape(word) + tail)
    assert read.text == word
    assert read.passed == {"": None, PASS_5: True, PASS_IMAGE: True}.get(icon, False)


PIECES = st.sampled_from(["<", ">", "</", "/>", "<!", "<![", "<!--", "<?", "[", "]]>", "&", "&#x", "i", "='", ";"])


@given(word=WORDS, markup=st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join))
def test_no_markup_behind_a_word_breaks_its_reading(word: str, markup: str) -> None:
    assert read_formatted(html.escape(word) + markup).text.startswith(word)


@pytest.mark.parametrize("markup", ["<![x[", "<![ [", "<![6", "<![if x]>", "<![x[ a ]]>", "<![CDATA[a]]>"])
def test_a_marked_section_is_read_as_html_reads_it(markup: str) -> None:
    assert read_formatted(f"{PASS_5}отлично{markup}").text.startswith("отлично")
    assert read_formatted(f"{markup}>отлично").text.endswith("отлично")


@pytest.mark.parametrize(
    ("range_", "low", "high", "words"),
    [
        ("неудовлетворительно&ndash;отлично", 1, 4, ("неудовлетворительно", "отлично")),
        ("2&ndash;5", 1, 4, ("2", "5")),  # a scale whose words are figures
        ("1&ndash;4", 1, 4, ("", "")),
        ("1,00&ndash;4,00", 1, 4, ("", "")),
        ("1.0&ndash;1 000.0", 1, 1000, ("", "")),
        ("0&ndash;100", 0, 100, ("", "")),
        ("зачтено", 1, 1, ("", "")),
        ("A &amp; B&ndash;C &lt; D", 1, 2, ("A & B", "C < D")),
        ("незачёт–совсем&ndash;зачёт", 1, 2, ("незачёт–совсем", "зачёт")),
        (None, 1, 4, ("", "")),
    ],
)
def test_a_scale_is_known_by_words_at_its_ends(range_: str | None, low: int, high: int, words: tuple[str, str]) -> None:
    assert read_range(item(rangeformatted=range_, grademin=Decimal(low), grademax=Decimal(high))) == words


@pytest.mark.parametrize(
    ("raw", "text", "word"),
    [
        ("1", "неуд", "неуд"),
        ("2", "удовл", "удовл"),
        ("4", "отлично", "отлично"),
        ("1", "0.00 %", "неуд"),  # the ends are known from the range, whatever is displayed
        ("4", "A", "отлично"),
        ("3", "66.67 %", ""),
        ("3", "хорошо (66,67 %)", "хорошо"),
        ("3", "66.67 % (хорошо)", "хорошо"),
        ("3", "хорошо (с отличием)", "хорошо (с отличием)"),
        ("2.6", "хорошо", "хорошо"),
        ("3.5", "отлично", "отлично"),  # Moodle rounds to the nearest word, a half up
        (None, "-", ""),
    ],
)
def test_the_word_of_a_grade(raw: str | None, text: str, word: str) -> None:
    graded = item(graderaw=None if raw is None else Decimal(raw))
    assert scale_word(graded, "неуд", "отлично", text) == word


def report(user: int, *items: wire.GradeItem) -> wire.UserGrades:
    return wire.UserGrades(courseid=5, userid=user, gradeitems=list(items), courseidnumber="PK-72")


def plain(item_id: int, raw: str | None = None, **fields: Any) -> wire.GradeItem:
    values = {"grademin": Decimal(0), "grademax": Decimal(100), "rangeformatted": "0&ndash;100", **fields}
    return item(id=item_id, graderaw=None if raw is None else Decimal(raw), **values)


def test_columns_are_the_union_in_the_reports_order() -> None:
    columns = Columns(5, ["ПК"])
    for items in ([1, 2, 4], [1, 3, 4], [0, 1, 5]):
        columns.add(report(9, *(plain(one) for one in items)))
    told = {record.key: record.fields["position"] for record in columns.news()}
    assert sorted(told, key=told.__getitem__) == ["0", "1", "5", "3", "2", "4"]
    assert sorted(told.values()) == [1, 2, 3, 4, 5, 6]
    assert list(columns.news()) == []


@given(
    st.lists(st.permutations(range(6)).flatmap(lambda p: st.integers(0, 6).map(lambda n: sorted(p[:n]))), min_size=1)
)
def test_columns_keep_an_order_on_which_all_reports_agree(shown: list[list[int]]) -> None:
    columns = Columns(5, [])
    for user, items in enumerate(shown):
        columns.add(report(user, *(plain(one) for one in items)))
    positions = {int(record.key): record.fields["position"] for record in columns.news()}
    assert set(positions) == {one for items in shown for one in items}
    assert sorted(positions.values()) == list(range(1, len(positions) + 1))


def test_a_totals_maximum_is_the_widest_of_all_learners() -> None:
    columns = Columns(5, [])
    for user, maximum in enumerate(["102", "204", "100"]):
        columns.add(report(user, plain(1, "50", grademax=Decimal(maximum))))
    assert [record.fields["grademax"] for record in columns.news()] == [Decimal(204)]


def test_a_grade_that_holds_nothing_is_no_record() -> None:
    columns = Columns(5, [])
    one = report(
        7,
        plain(1),
        plain(2, "0"),
        plain(3, gradedategraded=1795322436),
        plain(4, gradeisoverridden=True),
        plain(5, gradeislocked=True),
        plain(6, gradeishidden=True),
        plain(8, gradedatesubmitted=1795322436),
        plain(9, "5", gradeneedsupdate=True),
    )
    columns.add(one)
    assert [record.key for record in grade_records(columns, [one])] == ["2/7", "3/7", "4/7", "5/7", "6/7"]
    assert list(empty_keys([one])) == ["1/7", "8/7"]  # a pending grade is neither there nor gone
    assert is_pending(one)


def test_all_grades_of_a_column_share_its_fields() -> None:
    columns = Columns(5, ["ПК"])
    reports = [report(7, plain(1, "10")), report(8, plain(1, "20"))]
    for one in reports:
        columns.add(one)
    first, second = grade_records(columns, reports)
    assert first.fields["item"] is second.fields["item"]
    assert first.fields["item"]["course_idnumber"] == "PK-72"
    assert first.fields["word"] == ""
