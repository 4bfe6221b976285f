"""A believable academy of further education, for the demo, for trying out and for benchmarks.

Every odd case that a real site holds is in it at least once; ``academy`` lists them where they are made.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

from lms_sync.sandbox import people_names
from lms_sync.sandbox.model import ATTEMPT_FIRST, ATTEMPT_LAST, GRADE_HIGHEST, Course, Quiz, User
from lms_sync.sandbox.state import FRONT_PAGE
from lms_sync.sandbox.traffic import odd_event, study
from lms_sync.sandbox.world import World

ACADEMY_NOW = 1_795_320_000  # 22 November 2026
DAY, HOUR = 86_400, 3600
#: Visits of a learner to a course, at most, beside taking tests.
SESSIONS = 4


class Programme(NamedTuple):
    """A course of the academy and the names of its groups; ``category`` is a key of ``_CATEGORIES``."""

    category: str
    name: str
    short: str
    idnumber: str
    groups: tuple[str, ...] = ("1", "2")


_CATEGORIES = {
    "PK": "Повышение квалификации",
    "PP": "Профессиональная переподготовка",
    "PO": "Профессиональное обучение",
    "SPO": "Среднее профессиональное образование",
}
_PROGRAMMES = (
    Programme("PK", "Охрана труда для руководителей (72 ч)", "OT72", "PK-OT-72"),
    Programme("PP", "Управление персоналом (256 ч)", "HR256", "PP-HR-256"),
    Programme("PO", "Электромонтёр, 3 разряд (160 ч)", "EL160", "PO-EL-160"),
    Programme("SPO", "Право и организация социального обеспечения", "PSO", "SPO-40.02.01", ("ПСО-21", "ПСО-22")),
    Programme("PK", "Пожарная безопасность (40 ч)", "PB40", "PK-PB-40"),
    Programme("PP", "Бухгалтерский учёт и аудит (520 ч)", "BU520", "PP-BU-520"),
    Programme("PO", "Водитель погрузчика (80 ч)", "VP80", "PO-VP-80"),
    Programme("PK", "Оказание первой помощи (16 ч)", "PP16", "PK-PP-16"),
)


def academy(
    seed: int = 1,
    learners: int = 300,
    courses: int = 8,
    *,
    release: str = "5.1",
    now: int = ACADEMY_NOW,
    companion: bool = False,
) -> World:
    """An academy with its odd cases: the same for the same arguments.

    ``courses`` counts the programmes with learners; an empty and a hidden course come on top. Site language
    is Russian, its clock stands at ``now`` (epoch seconds). With ``companion`` the plugin is installed.
    """
    rng = random.Random(seed)
    world = World(release=release, now=now - 120 * DAY, sitename="Академия дополнительного образования")
    world.language, world.languages = "ru", {"ru", "en"}
    world.set_up(token=f"{rng.randrange(16**32):032x}", privatekey=f"{rng.randrange(16**32):032x}")
    _add_profile_fields(world)
    categories = {short: world.add_category(name, short).id for short, name in _CATEGORIES.items()}
    categories["ARCHIVE"] = world.add_category("Архив", "ARCHIVE", parent=categories["PK"]).id
    teachers = [_add_teacher(world, rng, number).id for number in range(3)]
    people = _add_people(world, rng, learners)
    scales = {
        "five": world.add_scale("Пятибалльная", "неудовлетворительно", "удовлетворительно", "хорошо", "отлично").id,
        "pass": world.add_scale("Зачёт", "не зачтено", "зачтено").id,
    }
    for number in range(courses):
        programme = _PROGRAMMES[number % len(_PROGRAMMES)]
        run = number // len(_PROGRAMMES)
        members = sorted(rng.sample(people, max(1, min(len(people), len(people) * 2 // (2 + number)))))
        world.now = now - (100 - number * 3 % 60) * DAY
        _add_programme(world, rng, programme, run, categories[programme.category], teachers, members, scales)
    _add_odd_courses(world, rng, categories, teachers, people)
    _suspend_and_delete(world, rng, people)
    world.add_service_account()
    _let_study(world, random.Random(seed + 1), now)
    world.log.put_in_order()
    if companion:
        world.now = now - HOUR  # long enough for what is there to have settled
        world.install_companion()
    world.now = now
    return world


def _let_study(world: World, rng: random.Random, now: int) -> None:
    """Some sessions of each learner in each course, and now and then an odd row of the log."""
    for course in sorted(world.courses):
        for enrolment in world.learners(course) if course != FRONT_PAGE else ():
            for _ in range(rng.randint(0, SESSIONS)):
                world.now = now - rng.randint(2 * HOUR, 90 * DAY)
                study(world, rng, course, enrolment.user)
                if rng.random() < 0.05:
                    odd_event(world, rng, course, enrolment.user)


def _add_profile_fields(world: World) -> None:
    for shortname, name, datatype, default in (
        ("snils", "СНИЛС", "text", ""),
        ("patronymic", "Отчество", "text", ""),
        ("birthdate", "Дата рождения", "datetime", ""),
        ("citizenship", "Гражданство", "text", ""),
        ("education", "Уровень образования", "text", ""),
        ("consent", "Согласие на обработку ПДн", "checkbox", "0"),
        ("doc_number", "Номер документа", "text", ""),
    ):
        world.add_profile_field(shortname, name, datatype, default)


def _add_teacher(world: World, rng: random.Random, number: int) -> User:
    name = people_names.random_name(rng)
    return world.add_user(
        f"teacher{number}",
        f"{name.given} {name.patronymic}",
        name.family,
        email=f"teacher{number}@example.com",
    )


def _add_people(world: World, rng: random.Random, learners: int) -> list[int]:
    """Learners; the patronymic stands in the first name, in a profile field or nowhere a reader can see."""
    people = []
    for number in range(learners):
        name = people_names.random_name(rng)
        place = ("firstname", "field", "firstname", "middlename")[number % 4]
        given = f"{name.given} {name.patronymic}" if place == "firstname" else name.given
        user = world.add_user(f"student{number:04d}", given, name.family, email=f"student{number:04d}@example.com")
        user.idnumber = f"ЛД-{1000 + number}"
        user.institution, user.department = "ООО «Ромашка & Ко»", f"Отдел {1 + number % 5}"
        user.city, user.country = "Иркутск", "RU"
        user.timezone = ("Asia/Irkutsk", "Europe/Moscow", "99")[number % 3]
        user.customfields = {
            "snils": people_names.snils(rng),
            "birthdate": str(16 * 3600 + (rng.randint(0, 11_000)) * DAY),  # midnight in Irkutsk
            "citizenship": "РФ",
            "education": rng.choice(["высшее образование", "среднее профессиональное образование"]),
            "consent": str(int(number % 9 != 0)),
        }
        if place == "field":
            user.customfields["patronymic"] = name.patronymic
        elif place == "middlename":
            user.middlename = name.patronymic
        people.append(user.id)
    _make_odd_people(world, people)
    return people


def _make_odd_people(world: World, people: list[int]) -> None:
    """Names and numbers that break careless readers, laid over the first learners."""
    users = [world.users[user] for user in people]
    oddities: list[dict[str, str]] = [
        {"firstname": 'Ира &amp; &lt;b&gt;"Q"', "lastname": "Д'Арк 😀"},  # entities are the stored text
        {"firstname": "Иван", "lastname": "Иванов"},  # twins
        {"firstname": "Иван", "lastname": "Иванов"},
        {"firstname": "Рашид Гасан оглы", "lastname": "Мамедов"},
        {"firstname": "Анна-Мария", "lastname": "Тен-Ли"},  # hyphens, no patronymic
        {"firstname": "Патрик", "lastname": "О'Нил"},
        {"firstname": "Семён Фёдорович", "lastname": "Ёлкин-Щукин", "idnumber": ""},
    ]
    for user, oddity in zip(users, oddities, strict=False):
        for name, value in oddity.items():
            setattr(user, name, value)
        user.customfields.pop("patronymic", None)
    for user, wrong in zip(users[7:], ("112-233-445 96", "нет", "000-000-000 00", "11223344595"), strict=False):
        user.customfields["snils"] = wrong  # a wrong check digit, no number, zeros, and a right one unformatted
    for user in users[11:13]:
        user.customfields.clear()  # nothing filled in but the consent's default


def _add_programme(
    world: World,
    rng: random.Random,
    programme: Programme,
    run: int,
    category: int,
    teachers: list[int],
    members: list[int],
    scales: dict[str, int],
) -> None:
    mark = f"-{run + 1}" if run else ""
    begun = world.now
    course = world.add_course(
        category,
        programme.name + (f", поток {run + 1}" if run else ""),
        programme.short + mark,
        programme.idnumber + mark,
        enddate=begun + 90 * DAY,
        summary=f"<p>Программа «{programme.name}»</p>",
    )
    world.enrol(course.id, rng.choice(teachers), ("editingteacher",))
    names = [name if "-" in name else f"{programme.short}-{name}" for name in programme.groups]
    groups = [world.add_group(course.id, name, name, f"Группа {name}").id for name in names]
    for place, user in enumerate(members):
        world.enrol(course.id, user)
        if place % 17 != 16:  # some belong to no group
            world.join_group(groups[place % len(groups)], user)
    world.add_activity(course.id, "page", "Лекция 1", completion=1)
    world.add_activity(course.id, "forum", "Вопросы преподавателю")
    quizzes = _add_quizzes(world, course, programme)
    practice = world.add_scale_item(course.id, "Практическая работа", scales["five"], idnumber="PRACTICE")
    credit = world.add_scale_item(course.id, "Зачёт по модулю 2", scales["pass"])
    essay = world.add_assignment(course.id, "Курсовая работа & защита", gradepass=Decimal(50))
    _take_quizzes(world, rng, quizzes, members, begun)
    teacher = next(u for u, e in world.enrolments[course.id].items() if "editingteacher" in e.roles)
    world.start_attempt(quizzes[-1].id, teacher, preview=True)
    for user in members:
        world.advance(30)
        if rng.random() < 0.8:
            world.set_grade(practice.id, user, Decimal(rng.randint(1, 4)), "Отзыв: «хорошо» &amp; подробно")
        if rng.random() < 0.7:
            world.set_grade(credit.id, user, Decimal(rng.choice([1, 2, 2, 2])))
        if rng.random() < 0.6:
            world.submit_assignment(essay.id, user)
            if rng.random() < 0.8:
                world.grade_assignment(essay.id, user, Decimal(rng.randint(2000, 10_000)) / 100, teacher)
    _flag_grades(world, quizzes, members)


def _add_quizzes(world: World, course: Course, programme: Programme) -> list[Quiz]:
    entry = world.add_quiz(course.id, "Входной контроль", questions=3)
    module = world.add_quiz(course.id, "Тест по модулю 1", gradepass=Decimal(60), questions=6)
    middle = world.add_quiz(
        course.id, "Промежуточная аттестация", grade=Decimal(5), gradepass=Decimal(3), questions=8,
        grademethod=ATTEMPT_LAST if programme.category != "PO" else ATTEMPT_FIRST,
    )  # fmt: skip
    final = world.add_quiz(
        course.id, "Итоговая аттестация", gradepass=Decimal(60), questions=10, attempts=2, timelimit=3600,
        has_essay=programme.category in {"PP", "SPO"}, grademethod=GRADE_HIGHEST, idnumber="FINAL",
        timeopen=course.startdate + 30 * DAY, timeclose=course.enddate,
    )  # fmt: skip
    entry_item = world.item_of("quiz", entry.id)
    if entry_item is not None:
        world.hide_item(entry_item.id)
    return [entry, module, middle, final]


def _take_quizzes(world: World, rng: random.Random, quizzes: list[Quiz], members: list[int], begun: int) -> None:
    """Attempts of every fate: marked, waiting for an essay's mark, open, overdue, abandoned, none at all."""
    for stage, quiz in enumerate(quizzes):
        for place, user in enumerate(members):
            world.now = begun + (5 + stage * 15) * DAY + place * 613
            skill = rng.uniform(0.3, 1.0)
            for _ in range(rng.choice([0, 1, 1, 1, 2]) if stage < 3 else rng.choice([1, 1, 1, 2])):
                _attempt(world, rng, quiz, user, skill)


def _attempt(world: World, rng: random.Random, quiz: Quiz, user: int, skill: float) -> None:
    attempt = world.start_attempt(quiz.id, user)
    world.advance(rng.randint(300, 3000))
    fate = rng.random()
    if fate > 0.97:
        return  # still open
    if fate > 0.95:
        world.abandon(attempt.id)
    elif fate > 0.93:
        world.make_overdue(attempt.id)
    else:
        right = sum(rng.random() < skill for _ in quiz.questions)
        world.finish_attempt(attempt.id, None if quiz.has_essay else Decimal(right))
        if quiz.has_essay and rng.random() < 0.8:
            world.advance(2 * DAY)
            world.mark_essay(attempt.id, Decimal(max(right - 1, 0)) + Decimal(rng.randint(0, 4)) / 4)
            world.advance(-2 * DAY)


def _flag_grades(world: World, quizzes: list[Quiz], members: list[int]) -> None:
    """Grades overridden, hidden, locked and left out of the total, one learner each."""
    item = world.item_of("quiz", quizzes[1].id)
    if item is None or len(members) < 5:
        return
    world.override(item.id, members[1], Decimal("91.5"))
    world.hide_grade(item.id, members[2])
    world.lock_grade(item.id, members[3])
    world.exclude_grade(item.id, members[4])


def _add_odd_courses(
    world: World, rng: random.Random, categories: dict[str, int], teachers: list[int], people: list[int]
) -> None:
    """A course without anything, and a hidden one whose name only ``raw`` brings whole."""
    world.add_course(categories["PK"], "Пустой курс", "EMPTY", "PK-EMPTY")
    hidden = world.add_course(categories["ARCHIVE"], "Скрытый курс & <архив>", "HIDDEN", "PK-HID", visible=False)
    world.enrol(hidden.id, teachers[0], ("editingteacher",))
    quiz = world.add_quiz(hidden.id, "Итог & <тест>", gradepass=Decimal(60), questions=2)
    for user in people[:5]:
        world.enrol(hidden.id, user)
        _attempt(world, rng, quiz, user, 0.8)


def _suspend_and_delete(world: World, rng: random.Random, people: list[int]) -> None:
    """Some enrolments and accounts are suspended; one learner with grades and attempts is deleted."""
    for course in list(world.courses):
        members = [e.user for e in world.learners(course)]
        for user in rng.sample(members, len(members) // 25):
            world.suspend_enrolment(course, user)
    for user in rng.sample(people[13:], min(3, max(0, len(people) - 13))):
        world.suspend_account(user)
    if len(people) > 20:
        world.delete_learner(people[20])
