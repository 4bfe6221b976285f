"""Leaders and laggards: who stands where in a course or group, and who owes what (R6)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lms_sync.report.amounts import mean_mark, mean_percent
from lms_sync.report.interface import Table, Value
from lms_sync.report.parts import detail_column, marks_of, number_column, scope_title, text_column
from lms_sync.report.phrases import (
    DEBT_AT_END,
    DEBTORS,
    HOW_RANKED,
    PERCENT_IS,
    RANKING,
    WHAT_IS_DEBT,
    period_words,
)
from lms_sync.report.standing import Member, Selection, Standings, standings
from lms_sync.store.study import Study

_NOTHING = Decimal(-1)  # below every mean


@dataclass(frozen=True)
class _Rank:
    member: Member
    results: int
    expected: int
    percent: Decimal | None
    mark: Decimal | None
    debts: int

    @property
    def height(self) -> tuple[object, ...]:
        """What the place depends on, the best first; of means as shown, so that who looks equal is equal."""
        percent, mark = self.percent, self.mark
        return (
            not self.results,
            self.debts,
            -(_NOTHING if percent is None else percent),
            -(_NOTHING if mark is None else mark),
        )


def ranking(study: Study, selection: Selection, *, debtors: bool = False) -> Table:
    """A line a learner, the best first; who has no result stands last and has no place. `debtors`: only those."""
    found = standings(study, selection)
    ranks = sorted((_rank(found, member) for member in found.members), key=lambda rank: rank.height)
    places = _places(ranks)
    rows = [_row(place, rank) for place, rank in zip(places, ranks, strict=True) if rank.debts or not debtors]
    columns = [
        number_column("place"),
        detail_column("learner"),
        text_column("full_name"),
        text_column("idnumber"),
        text_column("groups"),
        text_column("enrolment_status"),
        number_column("results"),
        number_column("expected"),
        number_column("mean_percent"),
        number_column("mean_mark"),
        number_column("debts"),
    ]
    notes = [period_words(selection.period), HOW_RANKED, WHAT_IS_DEBT]
    notes += [DEBT_AT_END if selection.period.limited else "", PERCENT_IS]
    title = scope_title(DEBTORS if debtors else RANKING, study, found)
    return Table(title, columns, rows, list(filter(None, notes)))


def _rank(found: Standings, member: Member) -> _Rank:
    results = [one for one in found.results(member) if one.took_part]
    return _Rank(
        member=member,
        results=len(results),
        expected=len(found.items_of(member)),
        percent=mean_percent([one.percent for one in results if one.percent is not None]),
        mark=mean_mark(marks_of(results)),
        debts=found.debts(member),
    )


def _places(ranks: list[_Rank]) -> list[int | None]:
    """The place of each: equal ones share the first of theirs, and the next one's skips as many."""
    places: list[int | None] = []
    for number, rank in enumerate(ranks, start=1):
        equal = number > 1 and ranks[number - 2].height == rank.height
        places.append(None if not rank.results else places[-1] if equal else number)
    return places


def _row(place: int | None, rank: _Rank) -> list[Value]:
    member = rank.member
    who: list[Value] = [place, member.key, member.name, member.person.idnumber, member.groups, member.state]
    return [*who, rank.results, rank.expected, rank.percent, rank.mark, rank.debts]
