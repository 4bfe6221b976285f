"""The reference world: a site whose every answer was recorded from real Moodle 4.5 and 5.1 sites.

It is built by the same mutations as any other world, in the order in which the real sites were filled, so that
ids come out the same. ``reference.json`` holds only what cannot be computed: when each write happened on each
of the two sites (seconds after ``run``, epoch), their names and the order in which they list courses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from typing import Any, NamedTuple

from lms_sync.sandbox.model import ATTEMPT_FIRST, ATTEMPT_LAST, FORMAT_MOODLE, GRADE_HIGHEST
from lms_sync.sandbox.world import World

DAY = 86_400
_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - opens nothing but this invented site
#: Courses began so long before the run that filled the sites.
_LEAD = 60 * DAY

# fmt: off
_PEOPLE = (
    ("Иванов", "Иван", "Иванович"), ("Петрова", "Анна", "Сергеевна"), ("Сидоров", "Пётр", "Олегович"),
    ("Кузнецова", "Мария", "Павловна"), ("Смирнов", "Олег", "Ильич"), ("Ёлкина", "Юлия", "Юрьевна"),
    ("Васильев", "Артём", "Андреевич"), ("Попова", "Ольга", "Львовна"), ("Соколов", "Никита", "Никитич"),
    ("Лебедева", "Елена", "Фёдоровна"), ("Козлов", "Глеб", ""), ("Новикова", "Дарья", "Глебовна"),
    ("Морозов", "Семён", "Семёнович"), ("Волкова", "Инна", "Игоревна"), ("О'Нил", "Патрик", ""),
    ("Цой", "Виктор", "Чхольевич"), ("Мамедов оглы", "Рашид", "Гасан оглы"), ("Тен-Ли", "Мин", ""),
    ("Щукина", "Яна", "Яковлевна"), ("Хабибуллина", "Алия", "Рустамовна"),
)
_ODD_PEOPLE = (
    ("weird", "Ира &amp; \"Q\"", "Д'Арк 😀", "", "weird@example.com"),
    ("twin", "Иван", "Иванов", "Иванович", "twin@example.com"),
    ("suspended", "Заблокирован", "Учётный", "", "susp@example.com"),
    ("gone", "Удалён", "Бывший", "", "gone@example.com"),
    ("teacher", "Зоя", "Преподаватель", "Карловна", "teacher@example.com"),
)
# fmt: on


class _Taken(NamedTuple):
    """One attempt to be replayed: who, at which quiz, from when, with how many right answers, to what end."""

    quiz: str
    learner: int
    right: int
    start: int
    end: str = "finished"


def reference_world(release: str = "5.1", times: dict[str, Any] | None = None) -> World:
    """The world of the recordings as the site of that release ("4.5" or "5.1") held it.

    ``times`` replaces the release's block of ``reference.json``: another site filled by the same steps.
    """
    data = json.loads((resources.files("lms_sync.sandbox") / "reference.json").read_text(encoding="utf-8"))
    if times is None and release not in data:
        raise ValueError(f"There are recordings of Moodle 4.5 and 5.1, not of {release!r}.")
    return _Replay(release, times or data[release], data["category_text"]).world


class _Replay:
    """The steps that filled the sites, each at its recorded second."""

    def __init__(self, release: str, times: dict[str, Any], category_text: str) -> None:
        self.times, self.run = times, int(times["run"])
        self.begin = self.run - _LEAD
        self.world = World(release=release, now=self.run, sitename=times["sitename"])
        self.world.site_shortname = times["shortname"]
        self.world.timezone = times["timezone"]
        self.world.theme_revision = self.run + times["theme"]
        self.world.set_up(token=_TOKEN, privatekey=times["privatekey"])
        self.world.account.functions = list(times["functions"])
        self._add_fields_and_scales()
        self._add_people()
        self._add_courses(category_text)
        self._enrol()
        self._add_quizzes()
        self._take_attempts()
        self._mark_essays()
        self._add_assignments_and_practice()
        self._flag_grades()
        self._add_pages()
        self.world.delete_learner(self.learners[23])
        self.world.suspend_account(self.learners[22])
        self._date_late_rows()
        self._restore_sorting()
        self.world.add_service_account()
        self.at(times["now"])

    def at(self, seconds: int) -> None:
        """Set the clock to so many seconds after the run began."""
        self.world.now = self.run + seconds

    def _add_fields_and_scales(self) -> None:
        self.world.add_profile_field("snils", "СНИЛС")
        self.world.add_profile_field("birthdate", "Дата рождения", "datetime")
        self.world.add_profile_field("citizenship", "Гражданство")
        self.world.add_profile_field("consent", "Согласие на обработку ПДн", "checkbox", "0")
        self.world.add_profile_field("doc_number", "Номер документа")
        self.world.start_ids("scale", 3)  # a fresh Moodle brings two of its own
        words = ("неудовлетворительно", "удовлетворительно", "хорошо", "отлично")
        self.five = self.world.add_scale("Пятибалльная", *words).id
        self.passed = self.world.add_scale("Зачёт", "не зачтено", "зачтено").id

    def _add_people(self) -> None:
        self.learners: list[int] = []
        for number, (family, given, patronymic) in enumerate(_PEOPLE):
            name = f"student{number:03d}"
            user = self.world.add_user(name, given, family, middlename=patronymic, email=f"{name}@example.com")
            user.idnumber, user.department = f"ЛД-{1000 + number}", f"Группа {1 + number % 2}"
            user.institution, user.city, user.country = "ООО «Ромашка & Ко»", "Иркутск", "RU"
            user.timezone = ("Asia/Irkutsk", "Europe/Moscow", "99")[number % 3]
            user.customfields = {
                "snils": f"112-233-445 {95 - number % 3}",
                "birthdate": str(self.times["birthdates"][number]),
                "citizenship": "РФ",
                "consent": str(int(number % 4 != 0)),
            }
            self.learners.append(user.id)
        for name, given, family, patronymic, email in _ODD_PEOPLE:
            self.learners.append(self.world.add_user(name, given, family, middlename=patronymic, email=email).id)
        self.teacher = self.learners.pop()

    def _add_courses(self, category_text: str) -> None:
        self.world.add_category("Category 1")
        names = ("Повышение квалификации", "Профессиональная переподготовка", "Профессиональное обучение")
        homes = []
        for number, (name, idnumber) in enumerate(zip(names, ("PK", "PP", "PO"), strict=True), start=1):
            text = f"Test course category {number}\n{category_text}"
            category = self.world.add_category(name, idnumber, description=text)
            category.descriptionformat = FORMAT_MOODLE
            homes.append(category.id)
        self.world.start_ids("context", 39)
        self.courses = [
            self.world.add_course(
                homes[home],
                name,
                short,
                idnumber,
                visible=short != "HIDDEN",
                startdate=self.begin,
                enddate=self.begin + 90 * DAY,
                summary="<p>Программа «</p>",
            ).id
            for home, short, name, idnumber in (
                (0, "OT72", "Охрана труда (72 ч)", "PK-OT-72"),
                (1, "HR256", "Управление персоналом (256 ч)", "PP-HR-256"),
                (2, "EL160", "Электромонтёр, 3 разряд (160 ч)", "PO-EL-160"),
                (0, "EMPTY", "Пустой курс", "PK-EMPTY"),
                (0, "HIDDEN", "Скрытый курс & <архив>", "PK-HID"),
            )
        ]

    def _enrol(self) -> None:
        safety, staff, electric, _, hidden = self.courses
        for course in (safety, staff, electric, hidden):
            self.world.enrol(course, self.teacher, ("editingteacher",))
            for place, user in enumerate(self.learners):
                if (course == electric and place % 2) or (course == hidden and place > 4):
                    continue
                suspended = place == 7 and course == safety
                self.world.enrol(course, user, suspended=suspended, timestart=self.begin + place * 3600)
        groups = [
            self.world.add_group(safety, "ОТ-1", "OT-1", "Первый поток").id,
            self.world.add_group(safety, "ОТ-2", "OT-2").id,
        ]
        for place, user in enumerate(self.learners[:20]):
            self.world.join_group(groups[place % 2], user)

    def _add_quizzes(self) -> None:
        safety, staff, electric, _, hidden = self.courses
        hundred, ten, five = Decimal(100), Decimal(10), Decimal(5)
        plans: tuple[tuple[str, int, str, Decimal, int, int, dict[str, Any]], ...] = (
            ("entry", safety, "Входной контроль", hundred, 0, 3, {}),
            ("module", safety, "Тест по модулю 1", hundred, 60, 3, {"grademethod": GRADE_HIGHEST}),
            ("final", safety, "Итоговая аттестация", hundred, 60, 10, {
                "attempts": 2, "timelimit": 3600, "idnumber": "FINAL",
                "timeopen": self.begin + 30 * DAY, "timeclose": self.begin + 80 * DAY}),
            ("staff", staff, "Промежуточное тестирование", ten, 6, 4, {"attempts": 3, "grademethod": ATTEMPT_LAST}),
            ("exam", staff, "Итоговый экзамен", five, 3, 8, {
                "attempts": 1, "idnumber": "FINAL-HR", "has_essay": True}),
            ("electric", electric, "Квалификационный экзамен (тест)", hundred, 70, 5, {
                "grademethod": ATTEMPT_FIRST, "idnumber": "FINAL-EL"}),
            ("hidden", hidden, "Итог", hundred, 60, 2, {}),
        )  # fmt: skip
        self.quizzes: dict[str, int] = {}
        for place, (key, course, name, grade, gradepass, questions, more) in enumerate(plans):
            self.at(self.times["configured"][place])
            quiz = self.world.add_quiz(
                course, name, grade=grade, gradepass=Decimal(gradepass), questions=questions, **more
            )
            self.quizzes[key] = quiz.id

    def _planned(self) -> Iterator[_Taken]:
        """Every attempt in the order in which it was made."""
        for k in range(len(self.learners)):
            yield _Taken("entry", k, k % 4, 2 * DAY + k * 600)
            if k % 5 != 4:
                yield _Taken("module", k, (k + 1) % 4, 10 * DAY + k * 600)
            if k % 3 == 0:
                yield _Taken("module", k, 3, 11 * DAY + k * 600)
            yield from self._planned_finals(k, 45 * DAY + k * 900)
            if k < 18:
                yield _Taken("staff", k, k % 5, 20 * DAY + k * 600)
                if k % 6 == 0:
                    yield _Taken("staff", k, 1, 21 * DAY + k * 600)
            if k < 16:
                yield _Taken("exam", k, 3 + k % 5, 50 * DAY + k * 600)
            if k % 2 == 0:
                yield _Taken("electric", k, k % 6, 40 * DAY + k * 600)
                if k % 8 == 0:
                    yield _Taken("electric", k, 5, 41 * DAY + k * 600)
            if k <= 4:
                yield _Taken("hidden", k, 2, 30 * DAY)

    def _planned_finals(self, k: int, start: int) -> Iterator[_Taken]:
        unfinished = {3: "inprogress", 4: "abandoned", 5: "overdue"}
        if k in unfinished:
            yield _Taken("final", k, 2, start, unfinished[k])
        elif k == 6:
            return
        elif k % 4 == 1:
            yield _Taken("final", k, 4, start)
            yield _Taken("final", k, 8, start + DAY)
        else:
            yield _Taken("final", k, 5 if k % 4 == 2 else 6 + k % 5, start)

    def _take_attempts(self) -> None:
        for place, plan in enumerate(self._planned()):
            self.at(self.times["attempts"][place])
            quiz, user, start = self.quizzes[plan.quiz], self.learners[plan.learner], self.begin + plan.start
            attempt = self.world.start_attempt(quiz, user, timestart=start)
            if plan.end == "finished":
                points = None if plan.quiz == "exam" else Decimal(plan.right)
                self.world.finish_attempt(attempt.id, points, timefinish=start + 60 * (10 + plan.right))
                continue
            self.world.save_answers(attempt.id, plan.right)
            attempt.state = plan.end  # the sites' filling wrote these states by hand
            attempt.timecheckstate = self.run + self.times["checks"][str(attempt.id)]
        self.at(self.times["preview"])
        self.world.start_attempt(self.quizzes["final"], self.teacher, preview=True)

    def _mark_essays(self) -> None:
        """Every second exam is marked first; then the quiz grades everybody anew."""
        exam = self.quizzes["exam"]
        finished = sorted(self.world.quiz_attempts[exam].values(), key=lambda attempt: attempt.id)
        right = [plan.right for plan in self._planned() if plan.quiz == "exam"]
        for place, attempt in enumerate(finished):
            if place % 2 == 0:
                self.at(self.times["essay_grades"][str(attempt.user)])
                points = right[place] + Decimal("0.5") + Decimal(place % 3) / 4
                self.world.mark_essay(attempt.id, points)
                attempt.timemodified = self.run + self.times["essays"][str(attempt.id)]

    def _add_assignments_and_practice(self) -> None:
        safety, staff, electric = self.courses[:3]
        self.at(self.times["configured"][7])
        practical = self.world.add_assignment(safety, "Практическая работа", grade=-self.five, completion=1)
        self.at(self.times["configured"][8])
        thesis = self.world.add_assignment(staff, "Курсовая работа", gradepass=Decimal(50))
        for k, user in enumerate(self.learners):
            if k % 7 != 6:
                self.at(self.times["ot_assign"][k])
                graded, feedback = self.begin + 15 * DAY + k, f"<p>Отзыв №{k} &amp; «хорошо»</p>"
                item = self.world.item_of("assign", practical.id)
                assert item is not None
                self.world.supply_grade(item.id, user, Decimal(1 + k % 4), graded=graded, feedback=feedback)
            if k < 18 and k % 5 != 2:
                self.at(self.times["hr_assign"][k])
                item = self.world.item_of("assign", thesis.id)
                assert item is not None
                grade = Decimal("33.33333") + Decimal("3.7") * k
                self.world.supply_grade(item.id, user, grade, graded=self.begin + 25 * DAY + k)
        practice = self.world.add_scale_item(electric, "Производственное обучение", self.passed, idnumber="PRACTICE")
        for k, user in enumerate(self.learners):
            if k % 2 == 0 and k % 6:
                self.at(self.times["practice"][k])
                self.world.set_grade(practice.id, user, Decimal(2 if k % 4 else 1))

    def _flag_grades(self) -> None:
        self.at(self.times["override"])
        entry = self.world.item_of("quiz", self.quizzes["entry"])
        module = self.world.item_of("quiz", self.quizzes["module"])
        assert entry is not None and module is not None
        self.world.set_grade(module.id, self.learners[2], Decimal("91.5"), "Оценка изменена вручную")
        self.world.hide_grade(module.id, self.learners[8])
        # One grade was excluded as well, but the sites never recalculated its total: nothing shows it.
        self.world.lock_grade(module.id, self.learners[11])
        self.world.hide_item(entry.id)

    def _add_pages(self) -> None:
        self.at(self.times["configured"][9])
        page = self.world.add_activity(self.courses[0], "page", "Лекция 1", completion=1)
        self.world.add_activity(self.courses[0], "forum", "Вопросы преподавателю")
        for user in self.learners[1::2]:
            self.world.completions[page.id, user] = (1, self.world.now)

    def _date_late_rows(self) -> None:
        """Some grades were stamped a second after the write that caused them, by a later recalculation."""
        for key, seconds in self.times["late"].items():
            item, user = map(int, key.split(":"))
            self.world.grades[item][user].dategraded = self.run + seconds

    def _restore_sorting(self) -> None:
        """List courses in the order of the site's own table."""
        courses = self.world.courses
        self.world.courses = {course: courses[course] for course in self.times["course_order"]}
