"""Actions of an invented academy in Irkutsk (UTC+8): the least that a test must say, and the rest filled in."""

from __future__ import annotations

from typing import Any

from lms_sync.records import Action

MIDNIGHT = 1_790_092_800  # 2026-09-23T00:00 in Irkutsk


def action(time: int, **changes: Any) -> Action:
    usual = Action(
        key=f"{time}@{time}", occurred_at=time, utc_offset=480, learner="3", actor=None, impersonator="",
        action="course_viewed", event="\\core\\event\\course_viewed", course="5", activity="", object_type="course",
        object_id="5", crud="r", address="192.0.2.7", origin="web", anonymous=False, rung="log",
    )  # fmt: skip
    return usual._replace(**changes)
