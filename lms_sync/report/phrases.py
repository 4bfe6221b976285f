"""The Russian titles and notes of reports. Owns the wording only; captions and the words of lists are in `captions`."""

from __future__ import annotations

import datetime as dt

from lms_sync.records import AttestationKind, ControlForm
from lms_sync.report.period import Period, Span, Step

RECORD_BOOK = "Электронная зачётная книжка"
LEARNER_CARD = "Карта обучающегося"
SUMMARY = "Сводная ведомость успеваемости"
RANKING = "Рейтинг обучающихся"
DEBTORS = "Обучающиеся, имеющие задолженности"
DYNAMICS = "Динамика результатов"
QUALITY = "Качественные показатели аттестации"

GENERAL = "Общие сведения"
MEAN_MARK = "Средний балл"
PASSED = "Сдали"
DEBTS = "Задолженности"
NOT_APPLICABLE = "—"
UNMARKED = "без отметки"
MARK_WORDS = {5: "отлично", 4: "хорошо", 3: "удовлетворительно", 2: "неудовлетворительно"}
PENDING = "не проверено"
CREDITED = "зачтено"
NOT_CREDITED = "не зачтено"
RECOGNISED = "перезачтено"
WHOLE_COURSE = "программа целиком"

HOW_RANKED = "Место: меньше задолженностей, затем выше средний процент, затем выше средний балл; равные делят место."
WHAT_IS_DEBT = "Задолженность: элемент, который не сдан или по которому нет оценки."
DEBT_AT_END = "Задолженности — на последний день периода; элементы — по которым в этот период есть оценки."
RECOGNISED_IS = "«перезачтено»: результат другой организации; ни средний балл, ни число сдавших его не учитывают."
RECOGNISED_APART = "Обучающиеся, которым элемент перезачтён и которые его не сдавали, в число по списку не входят."
LISTED_IS = "По списку — все обучающиеся курса (группы), включая приостановленных; участвовали — имеют оценку."
PASSED_IS = "Абсолютная успеваемость — доля сдавших от числа по списку."
QUALITY_IS = "Качественная успеваемость — доля получивших «5» и «4» от числа по списку; без оценок цифрой — пусто."
OF_LISTED = "числа по списку"
OF_TOOK_PART = "числа участвовавших"
SHARE_IS = "Доля сданных — от числа оценок; нарастающим итогом — с первого показанного периода."
EMPTY_CELLS = "«—»: элемент не входит в программу обучающегося; пусто: оценки нет."
PERCENT_IS = "Процент — от диапазона оценки; оценки словами в средний процент не входят."

_SHEETS = {
    ControlForm.EXAM: "Экзаменационная ведомость",
    ControlForm.CREDIT: "Зачётная ведомость",
    ControlForm.GRADED_CREDIT: "Зачётная ведомость",
}
_SHEETS_BY_KIND = {
    AttestationKind.CURRENT: "Ведомость текущего контроля",
    AttestationKind.MILESTONE: "Ведомость рубежного контроля",
    AttestationKind.INTERMEDIATE: "Ведомость промежуточного контроля",
    AttestationKind.FINAL: "Ведомость итогового контроля",
    AttestationKind.TOTAL: "Ведомость",
}
_MONTHS = (
    "январь", "февраль", "март", "апрель", "май", "июнь",
    "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip
_QUARTERS = ("I", "II", "III", "IV")


def sheet_title(form: ControlForm, kind: AttestationKind) -> str:
    """What the sheet of an item is called: by its form of control, else by its kind of attestation."""
    return _SHEETS.get(form) or _SHEETS_BY_KIND[kind]


def titled(title: str, *subjects: str) -> str:
    """A title and what it is about."""
    about = ", ".join(filter(None, subjects))
    return f"{title}: {about}" if about else title


def group_words(group: str | None) -> str:
    """A group as a part of a title."""
    return f"группа {group}" if group else ""


def said(caption: str, value: object) -> str:
    """A note that gives one value."""
    return f"{caption}: {value}"


def day_words(day: dt.date) -> str:
    """A day as Russian forms write it."""
    return day.strftime("%d.%m.%Y")


def period_words(period: Period) -> str:
    """The period of a report as a note; empty without a limit."""
    first = f" с {day_words(period.first_day)}" if period.first_day else ""
    last = f" по {day_words(period.last_day)}" if period.last_day else ""
    return f"Период:{first}{last}" if first or last else ""


def span_words(span: Span, step: Step) -> str:
    """A month, week or quarter as people name it."""
    first = span.first_day
    if step is Step.WEEK:
        return f"{day_words(first)}–{day_words(span.last_day)}"
    if step is Step.QUARTER:
        return f"{_QUARTERS[first.month // 3]} квартал {first.year}"
    return f"{_MONTHS[first.month - 1]} {first.year}"


def item_words(course: str, title: str, kind: str, form: str) -> str:
    """An item with its kind of attestation and form of control; `course` empty: it is clear which."""
    return f"{course}: {title} ({kind}, {form})" if course else f"{title} ({kind}, {form})"


def undated(count: int) -> str:
    """How many grades stand in no period."""
    return f"Оценок без даты, не вошедших в таблицу: {count}"


def protocol_words(number: str, day: dt.date) -> str:
    """A protocol as forms refer to it."""
    return f"№ {number} от {day_words(day)}"


def document_words(document: str, number: str, day: dt.date | None) -> str:
    """A document of another organisation: «диплом АБ 123 от 30.06.2020»."""
    dated = f"от {day_words(day)}" if day else ""
    return " ".join(filter(None, (document, number, dated)))


def hours_words(hours: int | None) -> str:
    """A workload: «36 ч»; empty where it is not known."""
    return "" if hours is None else f"{hours} ч"
