"""The converters: СНИЛС, dates, hours, e-mail, numbers and instants."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping import snils
from lms_sync.mapping.convert import CONVERTERS, Lookup, Setting, Unfit, exact_number, identifier, instant, whole_number

IRKUTSK = Setting(ZoneInfo("Asia/Irkutsk"))
MOSCOW = Setting(ZoneInfo("Europe/Moscow"))


def convert(name: str, value: object, setting: Setting = IRKUTSK) -> object:
    return CONVERTERS[name].convert(value, setting)


def refusal(name: str, value: object, setting: Setting = IRKUTSK) -> str:
    with pytest.raises(Unfit) as caught:
        convert(name, value, setting)
    assert str(value) not in str(caught.value), "the message repeats the value"
    return caught.value.code


# --- СНИЛС ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "112-233-445 95",
        "087-654-303 00",
        "100-009-999 99",  # sum 99
        "100-018-999 00",  # sum 100
        "100-019-899 00",  # sum 101
        "100-019-989 01",  # sum 102
        "101-998-999 00",  # sum 201: 100 again after the division
        "101-999-899 00",  # sum 202
        "101-999-989 01",  # sum 203
    ],
)
def test_snils_vectors_are_accepted_and_only_with_their_own_check_digits(number: str) -> None:
    assert convert("snils", number) == number
    other = f"{number[:-2]}{(int(number[-2:]) + 1) % 100:02}"
    assert refusal("snils", other) == "snils_check"


@pytest.mark.parametrize(
    "written",
    ["11223344595", "112 233 445 95", "112-233-445-95", "112\u2011233\u2011445\u00a095", " 112-233-445 95\u200b"],
)
def test_snils_is_written_in_one_way(written: str) -> None:
    assert convert("snils", written) == "112-233-445 95"


@pytest.mark.parametrize(
    "written", ["112-233-445 9", "112-233-445 950", "1122-33-445 95", "нет", "112.233.445.95", "١١٢٢٣٣٤٤٥٩٥"]
)
def test_what_is_not_eleven_digits_is_no_snils(written: str) -> None:
    assert refusal("snils", written) == "snils_form"


@pytest.mark.parametrize(
    ("number", "valid"), [("001-001-998 77", True), ("001-001-999 77", False), ("000-000-000 00", False)]
)
def test_old_numbers_are_not_checked(number: str, valid: bool) -> None:
    assert snils.is_valid(number) is valid


@given(st.integers(1_001_999, 999_999_999))
def test_snils_check_digits_equal_the_two_branch_form(number: int) -> None:
    digits = f"{number:09}"
    total = sum((9 - index) * int(digit) for index, digit in enumerate(digits))
    if total > 101:
        total %= 101
    expected = 0 if total in (100, 101) else total
    assert snils.check_digits(digits) == expected


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone", ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Irkutsk", "Asia/Kamchatka", "America/New_York"]
)
@given(date=st.dates(dt.date(1901, 1, 1), dt.date(2099, 12, 31)))
def test_a_date_is_right_when_made_at_midnight_here_or_in_utc(zone: str, date: dt.date) -> None:
    setting = Setting(ZoneInfo(zone))
    for made_in in (setting.zone, dt.UTC):
        epoch = int(dt.datetime(date.year, date.month, date.day, tzinfo=made_in).timestamp())
        if epoch != 0:
            assert convert("date_epoch", str(epoch), setting) == date


def test_a_birth_date_before_1970_and_one_from_another_zone() -> None:
    midnight_in_irkutsk = int(dt.datetime(1961, 4, 12, tzinfo=ZoneInfo("Asia/Irkutsk")).timestamp())
    assert midnight_in_irkutsk < 0
    assert convert("date", str(midnight_in_irkutsk), MOSCOW) == dt.date(1961, 4, 12)


@pytest.mark.parametrize("empty", ["", "0", None, "  "])
def test_no_date_is_none(empty: object) -> None:
    assert convert("date_epoch", empty) is None


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2026-02-28", dt.date(2026, 2, 28)),
        ("28.02.2026", dt.date(2026, 2, 28)),
        ("1.2.1990", dt.date(1990, 2, 1)),
        ("01.02.1990 г.", dt.date(1990, 2, 1)),
    ],
)
def test_dates_in_words_of_two_countries(written: str, date: dt.date) -> None:
    assert convert("date_text", written) == date
    assert convert("date", written) == date


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("30.02.2026", "date_invalid"),
        ("1899-12-31", "date_range"),
        ("2101-01-01", "date_range"),
        ("12/31/2026", "date_invalid"),
        ("31.12.26", "date_invalid"),
        ("99999999999", "date_range"),
        ("-99999999999999999999", "date_invalid"),
    ],
)
def test_dates_that_cannot_be(written: str, code: str) -> None:
    assert refusal("date", written) == code


@pytest.mark.parametrize(("epoch", "date"), [(-2208988800, dt.date(1900, 1, 1)), (4133894400, dt.date(2100, 12, 31))])
def test_the_first_and_the_last_year_are_in(epoch: int, date: dt.date) -> None:
    assert convert("date_epoch", str(epoch), Setting(ZoneInfo("UTC"))) == date


# --- the rest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "hours"),
    [
        ("Охрана труда (72 ч)", 72),
        ("Охрана труда, 72 часа", 72),
        ("Управление (256 ак. ч.)", 256),
        ("Управление (256 академических часов)", 256),
        ("Курс 16ч", 16),
        ("72-часовой курс", 72),
        ("Часть 2 часто задаваемых вопросов", None),
        ("Модуль 2 часть 3", None),
        ("72–100 ч", None),
        ("Электромонтёр, 3 разряд", None),
        ("ОТ-72 ч", 72),
        ("72 ч (в том числе 72 часа дистанционно)", 72),
    ],
)
def test_hours_in_titles(title: str, hours: int | None) -> None:
    assert convert("hours_in_title", title) == hours


def test_two_different_numbers_of_hours_are_not_guessed_between() -> None:
    assert refusal("hours_in_title", "72 ч, из них 16 ч практики") == "hours_ambiguous"


@pytest.mark.parametrize(
    "bad", ["d41d8cd98f00b204e9800998ecf8427e", "@example.com", "ivan@", "i van@example.com", "a@b@c"]
)
def test_what_is_no_email(bad: str) -> None:
    assert refusal("email", bad) == "email_invalid"


def test_lookup_ignores_case_and_yo_and_keeps_or_refuses_the_rest() -> None:
    values = {"королёв": "1"}
    keeping = Setting(IRKUTSK.zone, Lookup({"королев": values["королёв"]}, keep_others=True))
    strict = Setting(IRKUTSK.zone, Lookup({"королев": "1"}))
    assert convert("lookup", " КОРОЛЁВ ", keeping) == "1"
    assert convert("lookup", "Самара", keeping) == "Самара"
    assert refusal("lookup", "Самара", strict) == "not_in_table"


@pytest.mark.parametrize("value", [True, "x", -1, "1000000000"])
def test_integer_takes_digits_only(value: object) -> None:
    with pytest.raises(Unfit):
        convert("integer", value)


@pytest.mark.parametrize("value", [None, 0, -1, "", "0", True, 1.0, [], 10**40])
def test_nothing_is_no_identifier(value: object) -> None:
    with pytest.raises(Unfit):
        identifier(value)


@pytest.mark.parametrize("value", [1.5, True, "1,5", "NaN", 10**15, []])
def test_a_grade_is_exact_or_refused(value: object) -> None:
    with pytest.raises(Unfit):
        exact_number(value)


def test_instants() -> None:
    assert instant(0) is None
    assert instant(1) == dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)
    for bad in (True, 1.0, "1", 10**11, -(10**11)):
        with pytest.raises(Unfit):
            instant(bad)


def test_whole_numbers_fit_the_store() -> None:
    assert whole_number(2**31 - 1) == 2**31 - 1
    for bad in (2**31, -1, "1", True):
        with pytest.raises(Unfit):
            whole_number(bad)
