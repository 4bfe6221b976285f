"""The contract of a target of `lms_sync.connector`, as tests that a connector with targets inherits.

    class TestMyTarget(TargetContract):
        @pytest.fixture
        def target(self): ...
        # and connect, connect_nowhere, wanted, changed, out_of_force and refused

A fixture that is left out fails every test that needs it, with a sentence that says what to define. One class proves
one target. Each test writes into a stand-in for the LMS that shows no document at first. Messages name subjects and
fields, never a value. Must not know any LMS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

import pytest

from lms_sync.connector import Answer, Connector, Delivery, Receipt, Shown, Standing, Target
from lms_sync.errors import SourceError

MANUAL = "docs/writing-a-connector.md"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


class TargetContract:
    """What every target must hold.

    The deliveries are of two subjects or more, of learners that the LMS knows.
    """

    @pytest.fixture
    def connect(self) -> Callable[[], Connector]:
        """Makes a new connector to the same LMS each time it is called."""
        _undefined(self, "connect", "a callable that makes a new connector to the LMS of the test")

    @pytest.fixture
    def connect_nowhere(self) -> Callable[[], Connector]:
        """Makes a connector to an LMS that cannot be reached."""
        _undefined(self, "connect_nowhere", "a callable that makes a connector to an LMS that cannot be reached")

    @pytest.fixture
    def target(self) -> str:
        """The name of the target."""
        _undefined(self, "target", "the name of the target that this class proves")

    @pytest.fixture
    def wanted(self) -> Sequence[Delivery]:
        """What is to be shown first: revision 1, in force."""
        _undefined(self, "wanted", "two deliveries or more of revision 1, in force, that the LMS takes")

    @pytest.fixture
    def changed(self) -> Sequence[Delivery]:
        """The same subjects in revision 2, in force, with other values."""
        _undefined(self, "changed", "the subjects of `wanted` in revision 2, with other values")

    @pytest.fixture
    def out_of_force(self) -> Sequence[Delivery]:
        """The same subjects in revision 3, revoked; of a target `per_learner`, with empty values."""
        _undefined(self, "out_of_force", "the subjects of `wanted` in revision 3, revoked or with empty values")

    @pytest.fixture
    def refused(self) -> Delivery:
        """One that the LMS refuses, such as of a learner whom it does not know."""
        _undefined(self, "refused", "a delivery that the LMS refuses, such as of a learner whom it does not know")

    def test_it_is_offered_without_asking_the_lms(
        self, connect: Callable[[], Connector], connect_nowhere: Callable[[], Connector], target: str
    ) -> None:
        targets = list(connect_nowhere().targets())
        assert targets == list(connect().targets()), "the targets depend on the LMS"
        names = [one.name for one in targets]
        assert target in names, f"targets() does not name {target}"
        assert len(set(names)) == len(names), "two targets have one name"
        for one in targets:
            assert _NAME.fullmatch(one.name), f"{one.name!r} is no name of a target: use lower case"
            assert one.title.strip(), f"target {one.name} has no title"

    def test_the_deliveries_of_the_test_fit_the_target(
        self,
        connect: Callable[[], Connector],
        target: str,
        wanted: Sequence[Delivery],
        changed: Sequence[Delivery],
        out_of_force: Sequence[Delivery],
    ) -> None:
        offered = _offered(connect(), target)
        subjects = [one.subject for one in wanted]
        assert len(subjects) > 1 and len(set(subjects)) == len(subjects), "`wanted` is not of two subjects or more"
        for deliveries in (changed, out_of_force):
            assert [one.subject for one in deliveries] == subjects, "the fixtures are not of the same subjects"
        if offered.values is not None:
            needed = {name for name, is_needed in offered.values.items() if is_needed}
            for one in (*wanted, *changed, *out_of_force):
                fits = needed <= one.values.keys() <= offered.values.keys()
                assert fits, f"{one.subject}: the values are not those that the target takes and needs"

    def test_nothing_is_shown_of_what_was_never_sent(
        self, connect: Callable[[], Connector], target: str, wanted: Sequence[Delivery]
    ) -> None:
        for one in _look(connect(), target, wanted).values():
            assert not any(one.values.values()), f"{one.subject} is shown, and was never sent"

    def test_what_is_sent_is_shown_to_another_connector(
        self, connect: Callable[[], Connector], target: str, wanted: Sequence[Delivery]
    ) -> None:
        _send(connect(), target, wanted)
        _assert_shown(connect(), target, wanted)

    def test_a_repetition_changes_nothing(
        self, connect: Callable[[], Connector], target: str, wanted: Sequence[Delivery]
    ) -> None:
        _send(connect(), target, wanted)
        before = _look(connect(), target, wanted)
        connector = connect()
        for _ in range(2):
            _send(connector, target, wanted)
        assert _look(connect(), target, wanted) == before, (
            "what was sent three times is not shown as what was sent once"
        )

    def test_a_change_takes_the_place_of_what_was_shown(
        self, connect: Callable[[], Connector], target: str, wanted: Sequence[Delivery], changed: Sequence[Delivery]
    ) -> None:
        _send(connect(), target, wanted)
        _send(connect(), target, changed)
        _assert_shown(connect(), target, changed)

    def test_a_refused_one_holds_up_no_other(
        self, connect: Callable[[], Connector], target: str, wanted: Sequence[Delivery], refused: Delivery
    ) -> None:
        receipts = _receipts(connect(), target, [wanted[0], refused, *wanted[1:]])
        assert receipts[refused.subject].answer is Answer.REFUSED, f"{refused.subject} was not refused"
        code = receipts[refused.subject].code
        assert _CODE.fullmatch(code), f"{refused.subject}: the code of a refusal is a word of the LMS's own, not a text"
        _assert_accepted(wanted, receipts)
        _assert_shown(connect(), target, wanted)

    def test_what_is_out_of_force_is_no_longer_shown_as_in_force(
        self,
        connect: Callable[[], Connector],
        target: str,
        wanted: Sequence[Delivery],
        out_of_force: Sequence[Delivery],
    ) -> None:
        _send(connect(), target, wanted)
        _send(connect(), target, out_of_force)
        for one in _look(connect(), target, out_of_force).values():
            assert one.standing is not Standing.IN_FORCE, f"{one.subject} was revoked and is shown as in force"
        if _offered(connect(), target).keeps_revoked:
            _assert_shown(connect(), target, out_of_force)

    def test_a_survey_shows_each_once(
        self, connect: Callable[[], Connector], target: str, wanted: Sequence[Delivery]
    ) -> None:
        _send(connect(), target, wanted)
        subjects = [one.subject for one in connect().survey(target, wanted)]
        for one in wanted:
            assert subjects.count(one.subject) == 1, f"{one.subject} is surveyed {subjects.count(one.subject)} times"

    def test_nothing_to_send_is_no_fault(self, connect: Callable[[], Connector], target: str) -> None:
        connector = connect()
        answered = [*connector.send(target, ()), *connector.look(target, ())]
        assert not answered, "there are answers to no delivery"

    def test_an_lms_that_is_not_reached_gives_a_source_error_and_no_receipt(
        self, connect_nowhere: Callable[[], Connector], target: str, wanted: Sequence[Delivery]
    ) -> None:
        for act in (Connector.send.__name__, Connector.look.__name__, Connector.survey.__name__):
            answered: list[object] = []
            try:
                answered += getattr(connect_nowhere(), act)(target, wanted)
            except SourceError:
                continue
            except Exception as error:
                pytest.fail(f"{act} raises {type(error).__name__}, which is no SourceError")
            pytest.fail(f"{act} reaches an LMS that cannot be reached")


def _undefined(contract: TargetContract, fixture: str, what: str) -> NoReturn:
    """Says what the inheriting class left out; a traceback into this file would tell its author nothing."""
    told = f"{type(contract).__name__} must define the fixture `{fixture}`: {what}. See {MANUAL}."
    pytest.fail(told, pytrace=False)


def _offered(connector: Connector, target: str) -> Target:
    return next(one for one in connector.targets() if one.name == target)


def _receipts(connector: Connector, target: str, deliveries: Sequence[Delivery]) -> dict[str, Receipt]:
    receipts = list(connector.send(target, deliveries))
    subjects = sorted(receipt.subject for receipt in receipts)
    assert subjects == sorted(one.subject for one in deliveries), "there is not one receipt for each delivery"
    return {receipt.subject: receipt for receipt in receipts}


def _send(connector: Connector, target: str, deliveries: Sequence[Delivery]) -> None:
    _assert_accepted(deliveries, _receipts(connector, target, deliveries))


def _assert_accepted(deliveries: Iterable[Delivery], receipts: dict[str, Receipt]) -> None:
    for one in deliveries:
        answer = receipts[one.subject].answer
        assert answer is Answer.ACCEPTED, f"{one.subject} in revision {one.revision} was not accepted but {answer}"


def _look(connector: Connector, target: str, deliveries: Sequence[Delivery]) -> dict[str, Shown]:
    shown = list(connector.look(target, deliveries))
    assert len({one.subject for one in shown}) == len(shown), "a subject is shown twice; count its copies instead"
    unasked = {one.subject for one in shown} - {one.subject for one in deliveries}
    assert not unasked, f"look() shows what was not asked for: {sorted(unasked)}"
    return {one.subject: one for one in shown}


def _assert_shown(connector: Connector, target: str, deliveries: Sequence[Delivery]) -> None:
    found = _look(connector, target, deliveries)
    for meant in deliveries:
        assert meant.subject in found, f"{meant.subject} was accepted and is not shown"
        one = found[meant.subject]
        differing = [name for name, value in meant.values.items() if one.values.get(name, "") != value]
        assert not differing, f"{meant.subject} shows other values than were sent: {sorted(differing)}"
        assert one.learner == meant.learner, f"{meant.subject} is shown of another learner"
        assert one.copies == 1, f"{meant.subject} is shown {one.copies} times"
        assert one.standing in (None, meant.standing), f"{meant.subject} is shown in another standing"
        assert one.replaced_by in (None, meant.replaced_by), f"{meant.subject} is shown as replaced by another document"
