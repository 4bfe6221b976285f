"""Replays recorded answers of real Moodle sites over HTTP, in answer to any form that asks for the same thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
import responses

RECORDINGS = Path(__file__).parents[2] / "recordings"
URL = "https://lms.example.com"
ENDPOINT = f"{URL}/webservice/rest/server.php?moodlewsrestformat=json"
DATE = "Sun, 22 Nov 2026 05:10:00 GMT"
NOW = 1795324200

Key = tuple[str, frozenset[tuple[str, str]]]
_LISTS = {"core_enrol_get_enrolled_users", "mod_quiz_get_quizzes_by_courses"}
_ATTEMPTS = {"mod_quiz_get_user_attempts", "mod_quiz_get_user_quiz_attempts"}


class Replay:
    """One recorded site. `asked` lists the functions called, in order."""

    def __init__(self, *folders: str) -> None:
        self.asked: list[str] = []
        self.answers: dict[Key, Any] = {}
        for folder in folders:
            for path in sorted((RECORDINGS / folder).glob("*.json")):
                if "--ERR-" not in path.name:
                    said = json.loads(path.read_text(encoding="utf-8"))
                    self.answers.setdefault(_key(said["function"], said["params"]), said["body"])
        # Two sites were recorded without this call: their core_course_get_courses says the same, with fewer fields.
        courses = self.answers[_key("core_course_get_courses", {})]
        self.answers.setdefault(_key("core_course_get_courses_by_field", {}), {"courses": courses, "warnings": []})

    def install(self, mock: responses.RequestsMock) -> None:
        """Answers from now on."""
        mock.add_callback(responses.POST, ENDPOINT, self._answer, content_type="application/json")

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], str]:
        form = dict(parse_qsl(str(request.body), keep_blank_values=True))
        function = form["wsfunction"]
        self.asked.append(function)
        body = self.answers[
            _key(function, {name: one for name, one in form.items() if not name.startswith("moodlews")})
        ]
        return 200, {"Date": DATE}, json.dumps(body, ensure_ascii=False)


def _key(function: str, params: Mapping[str, Any]) -> Key:
    """What is asked for, apart from fields, pages and the name of the function for attempts."""
    asked: dict[str, str] = {}
    for name, value in _flat("", params):
        if name not in {"wstoken", "wsfunction", "status", "includepreviews"} and "options" not in name:
            asked[name] = value
    text = json.dumps(params)
    if function in _LISTS:
        asked["suspended"] = str("onlysuspended" in text)
        if function == "mod_quiz_get_quizzes_by_courses":
            asked = {"all": str("courseids" in text)}
        elif "limitfrom" in text and '"limitfrom", "value"' in text:
            asked["page"] = "2"  # a recording of a second page: never asked for
    return ("attempts" if function in _ATTEMPTS else function), frozenset(asked.items())


def _flat(prefix: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in _flat(f"{prefix}[{key}]" if prefix else key, one)]
    if isinstance(value, list):
        return [pair for index, one in enumerate(value) for pair in _flat(f"{prefix}[{index}]", one)]
    return [(prefix, str(value))]
