"""Functions about courses, categories and what a course page lists."""

from __future__ import annotations

import json
from typing import Any

from lms_sync.sandbox import refusals
from lms_sync.sandbox.model import FORMAT_HTML, FORMAT_MOODLE, Activity, Category, Course
from lms_sync.sandbox.registry import ALPHA, INT, TEXT, Call, Record, Several, function, optional
from lms_sync.sandbox.state import FRONT_PAGE

_FILTERS = ("displayh5p", "activitynames", "mathjaxloader", "emoticon", "urltolink", "mediaplugin")
_PURPOSES = {"quiz": "assessment", "assign": "assessment", "page": "content", "forum": "collaboration"}
_PLURALS = {"quiz": "Quizzes", "assign": "Assignments", "page": "Pages", "forum": "Forums"}


def formatted(call: Call, text: str, stored_format: int) -> tuple[str, int]:
    """A description: as stored with ``moodlewssettingraw``, else as HTML."""
    if call.raw:
        return text, stored_format
    if stored_format == FORMAT_MOODLE:
        text = text.replace("\n", "<br />\n")
    return text, FORMAT_HTML


def _summary(call: Call, course: Course) -> tuple[str, int]:
    """A course's summary; the front page's empty one keeps its stored format."""
    if course.id == FRONT_PAGE:
        return course.summary, FORMAT_MOODLE
    return formatted(call, course.summary, course.summaryformat)


@function("core_course_get_courses", options=Record({"ids": Several(INT, default=[])}, default={"ids": []}))
def get_courses(call: Call) -> list[dict[str, Any]]:
    """Courses in no particular order; few fields, as the account may not update courses."""
    wanted = call.params["options"]["ids"]
    courses = call.world.courses.values()
    return [_listed_course(call, course) for course in courses if not wanted or course.id in wanted]


def _listed_course(call: Call, course: Course) -> dict[str, Any]:
    name = call.shown(course.fullname)
    summary, summaryformat = _summary(call, course)
    front = course.id == FRONT_PAGE
    told: dict[str, Any] = {
        "id": course.id,
        "shortname": call.shown(course.shortname),
        "categoryid": course.category,
        "fullname": name,
        "displayname": name,
        "summary": summary,
        "summaryformat": summaryformat,
        "format": "site" if front else "topics",
        "startdate": course.startdate,
        "enddate": course.enddate,
    }
    if front:
        told["numsections"] = 1
    return told | {"showactivitydates": False, "showcompletionconditions": None if front else True}


@function("core_course_get_courses_by_field", field=optional("alpha", ""), value=optional("text", ""))
def get_courses_by_field(call: Call) -> dict[str, Any]:
    """Courses in order of id (``ids``: as asked for), all of them, the front page too, when no field is named."""
    chosen = _courses_by(call, call.params["field"], call.params["value"])
    return {"courses": [_described_course(call, course) for course in chosen], "warnings": []}


def _courses_by(call: Call, name: str, value: str) -> list[Course]:
    courses = call.world.courses
    in_order = sorted(courses.values(), key=lambda course: course.id)
    if not name:
        return in_order
    if name == "ids":
        wanted = [int(part) for part in value.split(",") if part.strip().isdigit()]
        if any(course not in courses for course in wanted):
            raise refusals.Refusal("Error", None, 'Attempt to assign property "contextvalidated" on null')
        return [courses[course] for course in dict.fromkeys(wanted)]
    if name not in {"id", "shortname", "idnumber", "category"}:
        raise refusals.invalid_parameter()
    return [course for course in in_order if str(getattr(course, name)) == value]


def sort_orders(call: Call) -> dict[int, int]:
    """Moodle's ``sortorder``: ten thousand a category, the newest course first."""
    orders = {FRONT_PAGE: 1}
    for place, category in enumerate(call.world.categories, start=1):
        members = sorted((c.id for c in call.world.courses.values() if c.category == category), reverse=True)
        orders |= {course: place * 10_000 + rank for rank, course in enumerate(members, start=1)}
    return orders


def _described_course(call: Call, course: Course) -> dict[str, Any]:
    world, front = call.world, course.id == FRONT_PAGE
    name = call.shown(course.fullname)
    summary, summaryformat = _summary(call, course)
    teachers = [u for u, e in sorted(world.enrolments[course.id].items()) if "editingteacher" in e.roles]
    told = {
        "id": course.id,
        "fullname": name,
        "displayname": name,
        "shortname": call.shown(course.shortname),
        "courseimage": f"{call.url}/pluginfile.php/{course.contextid}/course/generated/course.svg",
        "categoryid": course.category,
        "categoryname": "" if front else call.shown(world.categories[course.category].name),
        "sortorder": sort_orders(call)[course.id],
        "summary": summary,
        "summaryformat": summaryformat,
        "summaryfiles": [],
        "overviewfiles": [],
        "showactivitydates": False,
        "showcompletionconditions": None if front else True,
        "contacts": [{"id": u, "fullname": world.users[u].fullname} for u in teachers],
        "enrollmentmethods": [] if front else ["manual"],
        "format": "site" if front else "topics",
        "showgrades": 1,
        "newsitems": 3 if front else 0,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "maxbytes": 0,
        "showreports": 0,
        "visible": int(course.visible),
        "groupmode": 0,
        "groupmodeforce": 0,
        "defaultgroupingid": 0,
        "enablecompletion": 0 if front else 1,
        "completionnotify": 0,
        "lang": "",
        "theme": "",
        "marker": 0,
        "filters": [{"filter": name, "localstate": 0, "inheritedstate": 1} for name in _FILTERS],
    }
    if not front:
        options = [("hiddensections", 1), ("coursedisplay", 0), ("indentation", "1")]
        told["courseformatoptions"] = [{"name": name, "value": value} for name, value in options]
    return told


@function(
    "core_course_get_categories",
    criteria=Several(Record({"key": ALPHA, "value": TEXT}), default=[]),
    addsubcategories=optional("bool", True),
)
def get_categories(call: Call) -> list[dict[str, Any]]:
    """Categories in page order; of the criteria only ``id``, ``idnumber``, ``name`` and ``parent`` are known."""
    chosen = list(call.world.categories.values())
    for criterion in call.params["criteria"]:
        if criterion["key"] not in {"id", "idnumber", "name", "parent"}:
            message = "Missing permissions to search on a criterion."
            raise refusals.Refusal("moodle_exception", "criteriaerror", message)
        chosen = [c for c in chosen if str(getattr(c, criterion["key"])) == criterion["value"]]
    if call.params["criteria"] and call.params["addsubcategories"]:
        chosen_ids = {c.id for c in chosen}
        chosen = [c for c in call.world.categories.values() if chosen_ids & set(_path(call, c))]
    return [_category(call, category) for category in chosen]


def _path(call: Call, category: Category) -> list[int]:
    above = _path(call, call.world.categories[category.parent]) if category.parent else []
    return [*above, category.id]


def _category(call: Call, category: Category) -> dict[str, Any]:
    path = _path(call, category)
    description, descriptionformat = formatted(call, category.description, category.descriptionformat)
    return {
        "id": category.id,
        "name": call.shown(category.name),
        "description": description,
        "descriptionformat": descriptionformat,
        "parent": category.parent,
        "sortorder": (list(call.world.categories).index(category.id) + 1) * 10_000,
        "coursecount": sum(course.category == category.id for course in call.world.courses.values()),
        "depth": len(path),
        "path": "".join(f"/{part}" for part in path),
    }


@function(
    "core_course_get_contents",
    courseid=INT,
    options=Several(Record({"name": ALPHA, "value": TEXT}), default=[]),
)
def get_contents(call: Call) -> list[dict[str, Any]]:
    """A course page: its sections and their activities (the sandbox keeps all in the first section)."""
    course = call.params["courseid"]
    call.course(course)
    activities = call.world.activities_of[course]
    return [
        {
            "id": section.id,
            "name": section.name,
            "visible": 1,
            "summary": "",
            "summaryformat": FORMAT_HTML,
            "section": section.number,
            "hiddenbynumsections": 0,
            "uservisible": True,
            "component": None,
            "itemid": None,
            "modules": [_module(call, a) for a in activities] if section.number == 0 else [],
        }
        for section in call.world.courses[course].sections
    ]


def _module(call: Call, activity: Activity) -> dict[str, Any]:
    kind = activity.module
    icon = f"{call.url}/theme/image.php/boost/{kind}/{call.world.theme_revision}/monologo?filtericon=1"
    told: dict[str, Any] = {
        "id": activity.id,
        "url": f"{call.url}/mod/{kind}/view.php?id={activity.id}",
        "name": call.shown(activity.name),
        "instance": activity.instance,
        "contextid": activity.contextid,
        "visible": int(activity.visible),
        "uservisible": True,
        "visibleoncoursepage": 1,
        "modicon": icon,
        "modname": kind,
        "purpose": _PURPOSES[kind],
        "branded": False,
        "modplural": _PLURALS[kind],
        "availability": None,
        "indent": 0,
        "onclick": "",
        "afterlink": None,
    }
    if kind == "forum":
        told["activitybadge"] = []
    told |= {
        "customdata": _custom_data(call, activity),
        "noviewlink": False,
        "completion": activity.completion,
    }
    if activity.completion:
        told["completiondata"] = completion_of(activity, 0, 0, tracked=False)
    told |= {"downloadcontent": 1, "dates": _dates(call, activity), "groupmode": 0}
    if kind == "page":
        told |= _page_file(call, activity)
    return told


def _custom_data(call: Call, activity: Activity) -> str:
    data: Any = ""
    if activity.module == "forum":
        data = {"trackingtype": "1"}
    elif activity.module == "quiz":
        quiz = call.world.quizzes[activity.instance]
        rules = {"completionpassorattemptsexhausted": [], "completionminattempts": "0"}
        data = {"customcompletionrules": rules}
        data |= {name: str(time) for name in ("timeopen", "timeclose") if (time := getattr(quiz, name))}
    return json.dumps(data, separators=(",", ":"))


def _dates(call: Call, activity: Activity) -> list[dict[str, Any]]:
    if activity.module != "quiz":
        return []
    quiz = call.world.quizzes[activity.instance]
    past = call.world.now
    dates = []
    if quiz.timeopen:
        label = "Opened:" if quiz.timeopen <= past else "Opens:"
        dates.append({"label": label, "timestamp": quiz.timeopen, "dataid": "timeopen"})
    if quiz.timeclose:
        label = "Closed:" if quiz.timeclose <= past else "Closes:"
        dates.append({"label": label, "timestamp": quiz.timeclose, "dataid": "timeclose"})
    return dates


def _page_file(call: Call, activity: Activity) -> dict[str, Any]:
    path = f"{activity.contextid}/mod_page/content/index.html?forcedownload=1"
    page = {
        "type": "file",
        "filename": "index.html",
        "filepath": "/",
        "filesize": 0,
        "fileurl": f"{call.url}/webservice/pluginfile.php/{path}",
        "timecreated": None,
        "timemodified": activity.timemodified,
        "sortorder": 1,
        "userid": None,
        "author": None,
        "license": None,
    }
    info = {"filescount": 1, "filessize": 0, "lastmodified": activity.timemodified, "mimetypes": []}
    return {"contents": [page], "contentsinfo": info | {"repositorytype": ""}}


def completion_of(activity: Activity, state: int, time: int, *, tracked: bool) -> dict[str, Any]:
    """Somebody's completion of an activity, as two functions tell it."""
    automatic = activity.completion == 2
    details = [{"rulename": "completionusegrade", "rulevalue": {"status": state, "description": "Receive a grade"}}]
    return {
        "state": state,
        "timecompleted": time,
        "overrideby": None,
        "valueused": False,
        "hascompletion": True,
        "isautomatic": automatic,
        "istrackeduser": tracked,
        "uservisible": True,
        "details": details if automatic else [],
        "isoverallcomplete": state != 0,
    }
