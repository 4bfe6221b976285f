"""The writers of reports: nothing a text holds can turn into markup, a formula, a cursor move or a float."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from lms_sync.report.csv_out import safe_cell, write_csv
from lms_sync.report.interface import Column, Table, Value, one_line
from lms_sync.report.json_out import write_json
from lms_sync.report.table import write_table


def table_of(*values: Value) -> Table:
    return Table("Отчёт", [Column("what", "Что")], [[value] for value in values])


def csv_of(table: Table, **options: object) -> str:
    stream = io.StringIO(newline="")
    write_csv(table, stream, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def shown(table: Table) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    write_table(table, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


class TestCsv:
    @pytest.mark.parametrize("text", ["=1+1", "+7 900", "-cmd", "@SUM(A1)", "\tx", "\rx", "\nx", '=HYPERLINK("x")'])
    def test_a_text_that_would_be_a_formula_gets_an_apostrophe(self, text: str) -> None:
        (_, (cell,)) = csv.reader(io.StringIO(csv_of(table_of(text)), newline=""))
        assert cell == f"'{text}"

    @pytest.mark.parametrize("value", [Decimal("-1.5"), -3, dt.date(2026, 1, 2)])
    def test_a_number_or_date_is_left_alone(self, value: Value) -> None:
        assert not safe_cell(value).startswith("'")

    def test_a_caption_is_guarded_too(self) -> None:
        assert csv_of(Table("", [Column("k", "=cmd()")], [])).startswith("'=cmd()")

    @given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
    def test_every_text_survives_the_way_there_and_back(self, text: str) -> None:
        rows = list(csv.reader(io.StringIO(csv_of(table_of(text)), newline="")))
        assert rows[1:] == [[safe_cell(text)]] or (rows[1:] == [[]] and text == "")

    def test_the_delimiter_and_the_mark_of_the_encoding_are_options(self) -> None:
        table = Table("", [Column("a", "А"), Column("b", "Б")], [["x;y", 1]])
        assert csv_of(table, delimiter=";", bom=True) == '\ufeffА;Б\r\n"x;y";1\r\n'


class TestJson:
    def test_a_decimal_and_an_instant_stay_exact(self) -> None:
        stream = io.StringIO()
        instant = dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)
        write_json(table_of(Decimal("33.33333"), instant, None, True, 5), stream)
        rows = json.loads(stream.getvalue())["rows"]
        assert [row["what"] for row in rows] == ["33.33333", "2026-01-02T03:00:00Z", None, True, 5]
        assert "Что" in stream.getvalue()


class TestTerminal:
    def test_markup_in_a_text_is_shown_as_it_is(self) -> None:
        text = shown(table_of("[red]Курс[/red] & <архив> :smile:"))
        assert "[red]Курс[/red] & <архив> :smile:" in text

    def test_a_text_cannot_move_the_cursor_or_turn_the_line(self) -> None:
        text = shown(table_of("a\x1b[2Jb\x07c\u202ed\r\ne"))
        assert "\x1b[2J" not in text
        assert not set("\x07\u202e\r") & set(text)
        assert "a�[2Jb�c�d e" in text

    def test_a_detail_is_for_programs_only(self) -> None:
        columns = [Column("code", "Код", detail=True), Column("what", "Что")]
        table = Table("Отчёт", columns, [["x-17", "экзамен"]])
        assert "x-17" not in shown(table) and "экзамен" in shown(table)
        assert "x-17" in csv_of(table)

    @pytest.mark.parametrize("terminal", [True, False])
    def test_nothing_is_lost_where_there_is_no_room(self, terminal: bool) -> None:
        columns = [Column(f"c{number}", f"Графа{number}") for number in range(12)]
        row: list[Value] = [f"слово{number} другое{number}" for number in range(11)]
        console = Console(file=io.StringIO(), width=60, force_terminal=terminal, color_system=None)
        write_table(Table("Отчёт", columns, [[*row, dt.date(2026, 3, 10)]]), console)
        text = console.file.getvalue()  # type: ignore[attr-defined]
        if terminal:
            assert max(map(len, text.splitlines())) <= 60
            assert "…" not in text
            text = "".join(text.split())
            assert all(character in text for character in "0123456789")
        else:
            assert all(word in text for cell in row for word in str(cell).split())
            assert "2026-03-10" in text

    @given(st.text())
    @example("a\u2028b\u2029c\x85d\x1ce")
    def test_one_line_is_one_line(self, text: str) -> None:
        assert len(one_line(text).splitlines()) <= 1
