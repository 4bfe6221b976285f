"""Results over time: by month, week or quarter and kind of attestation, each by itself and cumulative (R4)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lms_sync.records import AttestationKind
from lms_sync.report.amounts import mean_mark, mean_percent, share
from lms_sync.report.captions import value_caption
from lms_sync.report.interface import Table, Value
from lms_sync.report.parts import detail_column, marks_of, number_column, scope_title, text_column
from lms_sync.report.period import Span, Step, span_of
from lms_sync.report.phrases import DYNAMICS, PERCENT_IS, SHARE_IS, period_words, span_words, undated
from lms_sync.report.standing import KIND_ORDER, Selection, Standing, Standings, standings
from lms_sync.store.study import Study


def dynamics(study: Study, selection: Selection, step: Step) -> Table:
    """A line a period and kind of attestation that has grades. A grade counts on its day; absences are no grades."""
    found = standings(study, selection)
    graded = [one for one in found.of.values() if one.took_part]
    by_kind = _by_kind(found, [one for one in graded if one.day])
    lines = [(span, kind, row) for kind in KIND_ORDER for span, row in _series(by_kind.get(kind, []), step)]
    lines.sort(key=lambda line: (line[0], KIND_ORDER.index(line[1])))
    rows = [
        [span_words(span, step), span.first_day, span.last_day, value_caption(kind), *row] for span, kind, row in lines
    ]
    columns = [
        text_column("period"),
        detail_column("first_day"),
        detail_column("last_day"),
        text_column("attestation_kind"),
    ]
    columns += [number_column(key) for key in _COLUMNS]
    without_day = len(graded) - sum(len(results) for results in by_kind.values())
    notes = [period_words(selection.period), SHARE_IS, PERCENT_IS, undated(without_day) if without_day else ""]
    return Table(scope_title(DYNAMICS, study, found), columns, rows, list(filter(None, notes)))


_COLUMNS = (
    "results", "mean_percent", "mean_mark", "results_passed", "results_passed_percent",
    "total_results", "total_mean_percent", "total_mean_mark", "total_passed_percent",
)  # fmt: skip


def _by_kind(found: Standings, graded: Sequence[Standing]) -> dict[AttestationKind, list[Standing]]:
    kinds = {item.key: AttestationKind(item.attestation_kind) for item in found.items}
    by_kind: dict[AttestationKind, list[Standing]] = {}
    for one in graded:
        by_kind.setdefault(kinds[one.item], []).append(one)
    return by_kind


def _series(results: Sequence[Standing], step: Step) -> list[tuple[Span, list[Value]]]:
    spans: dict[Span, list[Standing]] = {}
    for one in results:
        if one.day:
            spans.setdefault(span_of(one.day, step), []).append(one)
    series, until_now = [], []
    for span in sorted(spans):
        until_now += spans[span]
        series.append((span, [*_amounts(spans[span]), *_totals(until_now)]))
    return series


def _amounts(results: Sequence[Standing]) -> list[Value]:
    passed = sum(one.passed is True for one in results)
    return [
        len(results),
        mean_percent(_percents(results)),
        mean_mark(marks_of(results)),
        passed,
        share(passed, len(results)),
    ]


def _totals(results: Sequence[Standing]) -> list[Value]:
    count, percent, mark, _, passed = _amounts(results)
    return [count, percent, mark, passed]


def _percents(results: Sequence[Standing]) -> list[Decimal]:
    return [one.percent for one in results if one.percent is not None]
