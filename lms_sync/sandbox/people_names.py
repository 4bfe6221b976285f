"""Invented Russian names and identity numbers for sandbox learners. All are made up."""

from __future__ import annotations

import random
from typing import NamedTuple

_STEMS = (  # noqa: SIM905
    "Абрамов Белов Васильев Голубев Данилов Егоров Жуков Зайцев Ильин Калинин Лебедев Макаров Никитин Орлов "
    "Павлов Романов Сергеев Титов Фёдоров Щербаков Ёлкин Шубин Юдин Яковлев Быков Громов Крылов Рябов Царёв Чернов"
).split()
_FLAT = "Цой Тен Ким Гончаренко Шевчук Петрик Дурново Черных Седых Бондарь".split()  # noqa: SIM905
_MALE = "Александр Алексей Андрей Артём Борис Виктор Глеб Денис Егор Иван Кирилл Лев Никита Олег Пётр Семён".split()  # noqa: SIM905
_FEMALE = "Алла Анна Вера Галина Дарья Елена Инна Ирина Мария Наталья Ольга Полина Светлана Юлия Яна Фёкла".split()  # noqa: SIM905
_FATHERS = {
    "Александр": "Александр", "Андрей": "Андре", "Борис": "Борис", "Виктор": "Виктор", "Денис": "Денис",
    "Егор": "Егор", "Иван": "Иван", "Олег": "Олег", "Семён": "Семён", "Фёдор": "Фёдор",
}  # fmt: skip


class Name(NamedTuple):
    """Family name, given name and patronymic, in the nominative."""

    family: str
    given: str
    patronymic: str


def random_name(rng: random.Random) -> Name:
    """A believable name; sometimes a double or an indeclinable family name."""
    male = rng.random() < 0.5
    family = _family(rng, male)
    if rng.random() < 0.06:
        family = f"{family}-{_family(rng, male)}"
    given = rng.choice(_MALE if male else _FEMALE)
    return Name(family, given, _patronymic(rng, male))


def _family(rng: random.Random, male: bool) -> str:
    if rng.random() < 0.12:
        return rng.choice(_FLAT)
    stem = rng.choice(_STEMS)
    return stem if male else f"{stem}а"


def _patronymic(rng: random.Random, male: bool) -> str:
    father, stem = rng.choice(sorted(_FATHERS.items()))
    if father == "Андрей":
        return f"{stem}евич" if male else f"{stem}евна"
    return f"{stem}ович" if male else f"{stem}овна"


def snils(rng: random.Random) -> str:
    """An insurance number with right check digits, written ``112-233-445 95``."""
    digits = [rng.randint(0, 9) for _ in range(9)]
    if digits[0] == 0:
        digits[0] = 1  # numbers below 001-001-998 carry no check digits
    return format_snils("".join(map(str, digits)), snils_check("".join(map(str, digits))))


def snils_check(nine: str) -> int:
    """Check digits of the first nine: sum of digit x position from the right, modulo 101 (100 counts as 0)."""
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(nine))
    return total % 101 % 100


def format_snils(nine: str, check: int) -> str:
    """``112-233-445 95``: nine digits in threes and the check digits."""
    return f"{nine[:3]}-{nine[3:6]}-{nine[6:]} {check:02d}"
