"""Functions about the gradebook: the user report and the list of grade items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lms_sync.sandbox import php, refusals
from lms_sync.sandbox.model import Grade, GradeItem, User
from lms_sync.sandbox.registry import INT, Call, function, optional
from lms_sync.sandbox.state import FRONT_PAGE

_PASS_WORDS = {"en": ("Pass", "Fail"), "ru": ("Зачёт", "Незачёт")}
_NO_GRADE = Grade(0, 0, 0, feedbackformat=0)


@function(
    "gradereport_user_get_grade_items",
    cached=True,
    courseid=INT,
    userid=optional("int", 0),
    groupid=optional("int", 0),
)
def get_grade_items(call: Call) -> dict[str, Any]:
    """The gradebook of a course, or of one person in it.

    The whole course leaves out suspended enrolments and people without a graded role; by ``userid`` anybody
    answers, even somebody never enrolled (every grade null). The front page is an empty list.
    """
    course, user, group = (call.params[name] for name in ("courseid", "userid", "groupid"))
    call.course(course)
    people = [call.person(user)] if user else _graded_people(call, course, group)
    if not people:
        return {"usergrades": [], "warnings": []}
    if call.world.total_of(course) is None:
        call.world.ensure_total(course)
    report = _Report(call, course)
    return {"usergrades": [report.of(person) for person in people], "warnings": []}


def _graded_people(call: Call, course: int, group: int) -> list[User]:
    world = call.world
    if course == FRONT_PAGE:
        return []
    if group and group not in world.groups:
        return []
    members = world.groups[group].members if group else None
    people = [
        world.users[e.user]
        for e in world.enrolments[course].values()
        if not e.suspended and world.is_learner(e) and (members is None or e.user in members)
    ]
    return sorted(people, key=world.name_order)


class _Report:
    """The report of one course: what is the same for everybody is prepared once."""

    def __init__(self, call: Call, course: int) -> None:
        self.world = call.world
        self.course = self.world.courses[course]
        self.items = self.world.items_of[course]
        self.point = "," if call.language == "ru" else "."
        self.icons = _icons(call)
        for item in self.items:
            if item.idnumber and php.has_tags(item.idnumber):
                raise refusals.invalid_response()
        if php.has_tags(self.course.idnumber):
            raise refusals.invalid_response()
        self.heads = [self._head(item) for item in self.items]
        self.words = [self._words(item) for item in self.items]

    def of(self, person: User) -> dict[str, Any]:
        if php.has_tags(person.firstname) or php.has_tags(person.lastname):
            raise refusals.invalid_response()
        return {
            "courseid": self.course.id,
            "courseidnumber": self.course.idnumber,
            "userid": person.id,
            "userfullname": person.fullname,
            "useridnumber": person.idnumber,
            "maxdepth": 2,
            "gradeitems": [
                self._line(place, item, self.world.grades[item.id].get(person.id, _NO_GRADE))
                for place, item in enumerate(self.items)
            ],
        }

    def _head(self, item: GradeItem) -> dict[str, Any]:
        """The part of a line that describes the item. ``scaleid`` is always null: Moodle fills it wrongly."""
        head = {
            "id": item.id,
            "itemname": item.name,
            "itemtype": item.itemtype,
            "itemmodule": item.module,
            "iteminstance": item.instance,
            "itemnumber": None if item.itemtype == "course" else 0,
            "idnumber": item.idnumber,
            "categoryid": None if item.itemtype == "course" else self.course.gradecategory,
            "outcomeid": None,
            "scaleid": None,
            "locked": item.locked,
        }
        if item.module is not None and item.instance is not None:
            head["cmid"] = self.world.activity_of(item.module, item.instance).id
        return head

    def _words(self, item: GradeItem) -> list[str]:
        if item.scale is None:
            return []
        return [php.format_string(word) for word in self.world.scales[item.scale].words]

    def _line(self, place: int, item: GradeItem, row: Grade) -> dict[str, Any]:
        line = dict(self.heads[place])
        if item.itemtype != "course" and row.weight is not None:
            line["weightraw"] = php.number(row.weight)
            line["weightformatted"] = f"{php.fixed(row.weight * 100, 2, self.point)} %"
            if row.status not in {"used", "unknown"}:
                line["status"] = row.status
        hidden = item.hidden or row.hidden
        maximum = row.grademax if row.grademax is not None and row.final is not None else item.grademax
        graded = row.final is not None or bool(row.feedback)
        line["graderaw"] = php.number(row.final)
        line["gradedatesubmitted"] = row.datesubmitted
        line["gradedategraded"] = (row.overridden or row.dategraded) if graded else None
        line["gradehiddenbydate"] = False
        line["gradeneedsupdate"] = False
        line["gradeishidden"] = hidden
        line["gradeislocked"] = item.locked or row.locked
        line["gradeisoverridden"] = bool(row.overridden)
        line["gradeformatted"] = self._formatted(place, item, row.final, hidden)
        line["grademin"] = php.number(item.grademin)
        line["grademax"] = php.number(maximum)
        line["rangeformatted"] = self._range(place, item, maximum)
        line["percentageformatted"] = self._percentage(item, row.final, maximum)
        line["feedback"] = row.feedback
        line["feedbackformat"] = row.feedbackformat
        return line

    def _formatted(self, place: int, item: GradeItem, final: Decimal | None, hidden: bool) -> str:
        """The grade in words for people: an icon when a pass mark is set, then the number or the scale's word."""
        if final is None:
            return "-"
        words = self.words[place]
        text = words[_word_at(final, words)] if words else php.fixed(final, 2, self.point)
        if hidden or item.gradepass <= 0:
            return text
        return self.icons[final >= item.gradepass] + text

    def _range(self, place: int, item: GradeItem, maximum: Decimal) -> str:
        words = self.words[place]
        if words:
            return f"{words[0]}&ndash;{words[-1]}"
        return f"{php.fixed(item.grademin, 0, self.point)}&ndash;{php.fixed(maximum, 0, self.point)}"

    def _percentage(self, item: GradeItem, final: Decimal | None, maximum: Decimal) -> str:
        if final is None:
            return "-"
        span = maximum - item.grademin
        share = (final - item.grademin) / span * 100 if span else Decimal(100)
        return f"{php.fixed(share, 2, self.point)} %"


def _word_at(final: Decimal, words: list[str]) -> int:
    return min(max(int(final), 1), len(words)) - 1


def _icons(call: Call) -> tuple[str, str]:
    """The icons of a failed and of a passed grade; Moodle 4.1 shows none."""
    if call.world.release == "4.1":
        return "", ""
    passed, failed = _PASS_WORDS.get(call.language, _PASS_WORDS["en"])
    icon = '<i class="icon fa fa-{} fa-fw inline"  title="{}" role="img" aria-label="{}"></i>'
    return icon.format("xmark text-danger", failed, failed), icon.format("check text-success", passed, passed)


@function("core_grades_get_gradeitems", courseid=INT)
def get_gradeitems(call: Call) -> dict[str, Any]:
    """Names of a course's items, escaped whatever the settings; ids come as strings."""
    course = call.params["courseid"]
    call.course(course)
    category = php.format_string(call.world.courses[course].fullname)
    items = [item for item in call.world.items_of[course] if item.itemtype != "course"]
    told = [{"id": str(i.id), "itemname": php.format_string(i.name or ""), "category": category} for i in items]
    return {"gradeItems": told, "warnings": []}
