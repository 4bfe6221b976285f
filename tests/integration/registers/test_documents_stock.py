"""Blanks in stock, and scans beside the store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lms_sync.errors import StoreError
from lms_sync.registers.documents.scans import remove_unnamed
from lms_sync.store.documents import scans
from lms_sync.store.verify import verify
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import SOURCE

PDF = b"%PDF-1.7 one page"


def stand(papers: Papers) -> list[tuple[str, int, int, int, str]]:
    return [(one.range.uid, one.used, one.spoiled, one.left, one.next) for one in papers.balance()]


def test_the_balance_follows_from_documents_and_acts(papers: Papers) -> None:
    assert stand(papers) == [("b0001", 0, 0, 5, "000001")]
    papers.draft()
    papers.spoil("000002")
    papers.issue("d000001")
    papers.issue("d000002")
    assert papers.one("d000002").blank_number == "000003"
    assert stand(papers) == [("b0001", 2, 1, 2, "000004")]
    assert papers.sound()


def test_the_blank_of_an_annulled_document_is_never_used_again_and_may_be_written_off(papers: Papers) -> None:
    papers.draft()
    papers.issue("d000001")
    assert "annul the document first" in papers.world.refusal(lambda: papers.spoil("000001"))
    papers.annul("d000001")
    assert stand(papers) == [("b0001", 1, 0, 4, "000002")]
    papers.spoil("000001")
    assert stand(papers) == [("b0001", 0, 1, 4, "000002")]
    assert [(one.number, one.act) for one in papers.balance()[0].written_off] == [("000001", "акт № 1")]
    assert papers.sound()


def test_a_blank_is_spoiled_once_and_by_an_act(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.spoil("000005")
    assert "was written off before" in papers.world.refusal(lambda: papers.spoil("000005"))
    assert "is in no range" in papers.world.refusal(lambda: papers.spoil("000006"))
    assert "name it with --act" in papers.world.refusal(lambda: papers.spoil("000004", act=" "))
    papers.draft()
    assert "was written off as spoiled" in papers.world.refusal(lambda: papers.issue("d000001", blank="000005"))


def test_ranges_of_one_series_and_kind_do_not_overlap(lite_papers: Papers) -> None:
    papers = lite_papers
    assert "overlap 000001–000005 of b0001" in papers.world.refusal(lambda: papers.receive("000005", "000009"))
    papers.receive("000006", "000009")
    papers.receive("00005", "00009")  # another width, so other blanks
    papers.receive(series="ПП", document_kinds=["retraining"])
    papers.receive(document_kinds=["worker"])  # blanks of another kind of document
    assert [one.range.uid for one in papers.balance()] == ["b0001", "b0002", "b0003", "b0004", "b0005"]
    assert "is in 2 ranges" in papers.world.refusal(lambda: papers.spoil("000003", series="ПК"))
    papers.spoil("000003", series="ПК", kind="worker")
    assert [one.spoiled for one in papers.balance()] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("5", "10", "is no range"),
        ("000009", "000006", "is no range"),
        ("000001", "200000", "is no range"),
        ("А0006", "А0009", "are digits"),
        ("٠٠٠٦", "٠٠٠٩", "are digits"),
        ("", "", "are digits"),
    ],
)
def test_what_is_no_range_is_refused(lite_papers: Papers, first: str, last: str, told: str) -> None:
    assert told in lite_papers.world.refusal(lambda: lite_papers.receive(first, last))


def test_blanks_are_for_kinds_that_are_written_on_some(lite_papers: Papers) -> None:
    refused = lite_papers.world.refusal(lambda: lite_papers.receive(document_kinds=["certificate"]))
    assert "are written on no blank" in refused
    assert "did you mean retraining?" in lite_papers.world.refusal(
        lambda: lite_papers.receive(document_kinds=["retrainin"])
    )


# --- scans ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def scanned(papers: Papers, tmp_path: Path) -> Papers:
    """The first learner's document with a scan of two pages."""
    papers.draft()
    papers.issue("d000001")
    path = tmp_path / "Аксёнов.pdf"
    path.write_bytes(PDF)
    papers.attach("d000001", path)
    return papers


def test_a_scan_is_kept_under_its_digest_for_the_owner_alone(scanned: Papers) -> None:
    with scanned.store.reading() as connection:
        [scan] = scans(connection, SOURCE, "d000001")
    place = scanned.files.place(scan.sha256)
    assert place.read_bytes() == PDF
    assert (scan.name, scan.media_type, scan.size) == ("Аксёнов.pdf", "application/pdf", len(PDF))
    assert {path.stat().st_mode & 0o077 for path in (place, place.parent, scanned.files.directory)} == {0}
    assert scanned.sound()


def test_the_same_file_again_changes_nothing(scanned: Papers, tmp_path: Path) -> None:
    rows = scanned.world.ledger_rows()
    (tmp_path / "other.pdf").write_bytes(PDF)
    assert scanned.attach("d000001", tmp_path / "other.pdf").name == "Аксёнов.pdf"
    assert scanned.world.ledger_rows() == rows


@pytest.mark.parametrize("spoil", ["changed", "removed", "longer"])
def test_verify_reads_the_files(scanned: Papers, spoil: str) -> None:
    [place] = scanned.files.directory.glob("*/*")
    if spoil == "removed":
        place.unlink()
    else:
        place.write_bytes(PDF + b" " if spoil == "longer" else PDF.replace(b"one", b"two"))
    [problem] = verify(scanned.store, scans=scanned.files).problems
    assert problem.where.startswith("scan d000001/")
    assert ("is not there" if spoil == "removed" else "is not the one") in problem.what


def test_nothing_is_left_of_a_file_that_cannot_be_attached(scanned: Papers, tmp_path: Path) -> None:
    before = sorted(scanned.files.directory.rglob("*"))
    (tmp_path / "new.pdf").write_bytes(b"%PDF-1.4 another")
    (tmp_path / "empty.pdf").touch()
    assert "has no document" in scanned.world.refusal(lambda: scanned.attach("d000009", tmp_path / "new.pdf"))
    assert "is a draft" in scanned.world.refusal(lambda: scanned.attach("d000002", tmp_path / "new.pdf"))
    for name in ("empty.pdf", "absent.pdf"):
        with pytest.raises(StoreError, match=name):
            scanned.attach("d000001", tmp_path / name)
    assert sorted(scanned.files.directory.rglob("*")) == before


def test_the_file_is_not_in_place_before_it_is_on_the_disk(
    scanned: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new.pdf").write_bytes(b"%PDF-1.4 another")
    before = sorted(scanned.files.directory.rglob("*"))

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(StoreError, match="No space left"):
        scanned.attach("d000001", tmp_path / "new.pdf")
    assert sorted(scanned.files.directory.rglob("*")) == before


def test_erasing_empties_the_scan_and_its_file_can_be_removed(scanned: Papers, tmp_path: Path) -> None:
    (tmp_path / "other.pdf").write_bytes(b"%PDF-1.4 of another")
    scanned.issue("d000002")
    kept = scanned.attach("d000002", tmp_path / "other.pdf")
    assert remove_unnamed(scanned.store, scanned.files) == 0
    scanned.store.erase_learner(SOURCE, "1", "registrar", "отзыв согласия")
    assert remove_unnamed(scanned.store, scanned.files) == 1
    assert list(scanned.files.directory.glob("*/*")) == [scanned.files.place(kept.sha256)]
    assert scanned.sound()
