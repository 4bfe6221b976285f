"""Bundles: a protocol with its proof, checked by the program that is copied beside it."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from lms_sync.errors import ConfigError, StoreDamaged, StoreError
from lms_sync.records import ProtocolState
from lms_sync.store import verify_bundle
from lms_sync.store.bundle import protocol_bundle, save_bundle
from lms_sync.store.checkpoint import sign_checkpoint
from lms_sync.store.ledger import head
from lms_sync.store.signing import SigningKey, file_bytes, public_file, signing_key
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from tests.integration.store import samples

NUMBER = "12/2026"
FAILED = {"mark": 2, "mark_text": "неудовлетворительно", "passed": False}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.key"


@pytest.fixture
def key(key_file: Path) -> SigningKey:
    return signing_key(key_file)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


@pytest.fixture
def closed(store: Store) -> Store:
    close(store)
    return store


def close(store: Store) -> None:
    """A protocol with two results, and more rows after it."""
    good, bad = samples.result("9"), samples.result("10", last_name="Щукин", **FAILED)
    samples.put(store, samples.learner("9"), samples.learner("10"), good, bad)
    samples.put(store, samples.protocol([samples.stored_line(store, good, 1), samples.stored_line(store, bad, 2)]))
    samples.put(store, samples.grade(), samples.course())


def amend(store: Store) -> None:
    """Version 2 of one result and of the protocol."""
    samples.put(store, samples.enrolment())
    better = samples.result("10", last_name="Щукин", percent="60")
    samples.put(store, better)
    lines = [samples.stored_line(store, samples.result("9"), 1), samples.stored_line(store, better, 2, version=2)]
    samples.put(store, samples.protocol(lines, revision=2, state=ProtocolState.AMENDED, reason="апелляция"))


def document(data: bytes) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(data)
    return values


def run_program(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-X", "utf8", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_a_bundle_proves_itself_and_is_read_in_russian(
    closed: Store, key: SigningKey, key_file: Path, tmp_path: Path
) -> None:
    amend(closed)
    data = protocol_bundle(closed, "moodle", NUMBER, key=key)
    assert verify_bundle.problems(data, key.public) == []
    path = save_bundle(data, tmp_path / "out", "moodle", NUMBER)
    assert sorted(one.name for one in path.parent.iterdir()) == ["protocol-moodle-12-2026.json", "verify_bundle.py"]
    assert path.stat().st_mode & 0o777 == 0o600
    answer = run_program(path.parent / "verify_bundle.py", path, "--public-key", public_file(key_file))
    assert (answer.returncode, answer.stderr) == (0, "")
    for words in (
        "Протокол № 12/2026 (закрыт, с исправлениями, версия 2)",
        "Основание: апелляция",
        "   1. Ёлкина Дарья Олеговна — 4 (хорошо)",
        "   2. Щукин Дарья Олеговна — 4 (хорошо)",
        "Всего: 2, аттестовывались: 2, сдали: 2, не сдали: 0, не явились: 0",
    ):
        assert words in answer.stdout.splitlines()
    assert answer.stdout.endswith("as signed with the trusted key.\n")


def test_the_program_imports_only_the_standard_library_and_cryptography() -> None:
    tree = ast.parse(Path(verify_bundle.__file__).read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names | {"cryptography"}
    assert "cryptography" in imported


def test_the_path_leads_to_the_earliest_checkpoint_that_covers_each_version(
    closed: Store, key: SigningKey, key_file: Path, directory: Path
) -> None:
    covering = sign_checkpoint(closed, directory, key_file)
    with closed.reading() as connection:
        first_size = head(connection).seq
    amend(closed)
    sign_checkpoint(closed, directory, key_file)
    samples.put(closed, samples.course(title="Другой"))
    sign_checkpoint(closed, directory, key_file)
    first, second = document(protocol_bundle(closed, "moodle", NUMBER, key=key, checkpoints=directory))["versions"]
    assert first["checkpoint"] == json.loads(covering.read_bytes())
    assert [fields[1] for fields in first["path"]] == [6, 7]
    assert (second["checkpoint"]["size"], second["path"]) == (first_size + 3, [])


def test_without_a_covering_checkpoint_one_is_signed_for_the_head(
    store: Store, key: SigningKey, key_file: Path, directory: Path
) -> None:
    samples.put(store, samples.grade())
    early = sign_checkpoint(store, directory, key_file)
    close(store)
    (version,) = document(protocol_bundle(store, "moodle", NUMBER, key=key, checkpoints=directory))["versions"]
    with store.reading() as connection:
        end = head(connection)
    assert (version["checkpoint"]["size"], version["checkpoint"]["digest"]) == (end.seq, end.digest)
    assert list(directory.iterdir()) == [early]


def test_a_damaged_checkpoint_or_one_of_another_store_is_passed_over(
    closed: Store, key: SigningKey, key_file: Path, directory: Path, tmp_path: Path
) -> None:
    damaged = sign_checkpoint(closed, directory, key_file)
    damaged.write_bytes(damaged.read_bytes()[:-3])
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        close(other)
        (path,) = [sign_checkpoint(other, tmp_path / "foreign", key_file)]
        path.rename(directory / "checkpoint-000000000006-20260101T000000000000Z.json")
    samples.put(closed, samples.course(title="Другой"))
    data = protocol_bundle(closed, "moodle", NUMBER, key=key, checkpoints=directory)
    assert verify_bundle.problems(data) == []
    assert document(data)["versions"][0]["checkpoint"]["size"] == 8


def test_a_path_carries_no_payload(closed: Store, key: SigningKey) -> None:
    samples.put(closed, samples.learner("77", last_name="Посторонняя"))
    assert "Посторонняя".encode() not in protocol_bundle(closed, "moodle", NUMBER, key=key)


def test_an_erased_result_is_said_to_be_erased(closed: Store, key: SigningKey, tmp_path: Path) -> None:
    closed.erase_learner("moodle", "10", "registrar", "отзыв согласия")
    data = protocol_bundle(closed, "moodle", NUMBER, key=key)
    assert "Щукин".encode() not in data
    assert [(result["key"], result["erased"]) for result in document(data)["results"]] == [
        ("7/10/attempt-2", True),
        ("7/9/attempt-2", False),
    ]
    path = save_bundle(data, tmp_path / "out", "moodle", NUMBER)
    answer = run_program(verify_bundle.__file__, path)
    assert answer.returncode == 0
    assert "   2. (персональные данные удалены) — 2 (неудовлетворительно)" in answer.stdout.splitlines()
    assert "compare that with the one you were given" in answer.stdout


def test_every_changed_byte_of_a_bundle_is_found(sqlite_url: str, key: SigningKey) -> None:
    chance = random.Random(1)
    with Store.open(sqlite_url) as store:
        close(store)
        data = protocol_bundle(store, "moodle", NUMBER, key=key)
    for place in range(len(data)):
        # 0x20 turns the case of a hexadecimal digit: the same bytes in another spelling.
        for flip in (0x20, chance.randrange(1, 256)):
            assert verify_bundle.problems(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]), place
    for wrong in (data[:-1], data + b"\n", data.replace(b",", b", ", 1), b"", b"7\n", b"[]\n", b"{}\n"):
        assert verify_bundle.problems(wrong)


Change = Callable[[dict[str, Any]], object]


def payload_of(bundle: dict[str, Any]) -> dict[str, Any]:
    return samples.decoded(bundle["versions"][0]["row"]["payload"])


CHANGES: list[tuple[Change, str]] = [
    (lambda b: b.update(format="another"), "the bundle: its fields are not those of an lms-sync-protocol-bundle-1"),
    (lambda b: b.update(number="13"), "versions[0].row: it is not version 1 of this protocol"),
    (lambda b: b.update(store="0" * 64), "versions[0].checkpoint.store: it was made of another store"),
    (lambda b: b["versions"].clear(), "versions: there is none"),
    (lambda b: b["versions"][0]["row"].update(actor="x"), "versions[0].row: its digest does not match its contents"),
    (lambda b: b["versions"][0]["row"].update(more=1), "versions[0].row: its fields are not the columns of the ledger"),
    (
        lambda b: b["versions"][0]["row"].update(payload=b["versions"][0]["row"]["payload"].replace("хорошо", "отлич")),
        "versions[0].row.payload: it does not match the payload's digest",
    ),
    (
        lambda b: b["versions"][0]["row"].update(payload=b["versions"][0]["row"]["payload"].replace("хорошо", "отлич")),
        "versions[0].row.payload, line 1: mark_text: not what its result says",
    ),
    (lambda b: b["versions"][0]["path"].pop(), "versions[0].checkpoint.size: the path ends at ledger row 6"),
    (lambda b: b["versions"][0]["path"].pop(0), "versions[0].path[0]: it is not linked to the row before it"),
    (
        lambda b: b["versions"][0]["path"][-1].__setitem__(-1, "другая причина"),
        "versions[0].checkpoint.digest: it is not that of the path's end",
    ),
    (
        lambda b: b["versions"][0]["checkpoint"].update(time="2026-01-01T00:00:00.000000Z"),
        "versions[0].checkpoint: its signature does not match its contents",
    ),
    (lambda b: b["results"].pop(), "versions[0].row.payload, line 1: its result is not in the bundle"),
    (
        lambda b: b["results"][0].update(payload=b["results"][0]["payload"].replace("Щукин", "Жукин")),
        "results[0].payload: it does not match the payload's digest",
    ),
    (lambda b: b["results"][0].update(erased=True), "results[0]: payload, salt and erased contradict each other"),
    (lambda b: b["results"][0].update(salt=None), "results[0]: payload, salt and erased contradict each other"),
    (
        lambda b: b["results"][0].update(payload_digest="0" * 64),
        "versions[0].row.payload, line 2: its result has another digest",
    ),
    (lambda b: b["results"].append(b["results"][0]), "results: one is there twice"),
    (lambda b: b["results"].append({**b["results"][0], "version": 9}), "results[2]: no line names it"),
    (lambda b: b["results"][0].update(more=1), "results[0]: its fields are not those of a result"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES, ids=[told for _, told in CHANGES])
def test_a_part_that_was_changed_and_signed_again_is_named(
    sqlite_url: str, key: SigningKey, change: Change, named: str
) -> None:
    with Store.open(sqlite_url) as store:
        close(store)
        bundle = document(protocol_bundle(store, "moodle", NUMBER, key=key))
    change(bundle)
    del bundle["signature"]
    # Signed again: only the part itself can tell.
    assert named in verify_bundle.problems(key.signed(bundle))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"lines": []}, "versions[0].row.payload: its totals are not those of its lines"),
        ({"totals": {"marks": []}}, "versions[0].row.payload: its totals are not those of its lines"),
    ],
)
def test_totals_and_lines_that_disagree_are_named(
    sqlite_url: str, key: SigningKey, changes: dict[str, Any], named: str
) -> None:
    with Store.open(sqlite_url) as store:
        close(store)
        bundle = document(protocol_bundle(store, "moodle", NUMBER, key=key))
    row = bundle["versions"][0]["row"]
    row["payload"] = json.dumps(payload_of(bundle) | changes, ensure_ascii=False)
    assert named in verify_bundle.problems(file_bytes(bundle))


def test_a_bundle_signed_by_another_key_is_named_and_the_program_exits_1(
    closed: Store, key: SigningKey, tmp_path: Path
) -> None:
    path = save_bundle(protocol_bundle(closed, "moodle", NUMBER, key=key), tmp_path / "out", "moodle", NUMBER)
    signing_key(tmp_path / "other.key")
    answer = run_program(verify_bundle.__file__, path, "--public-key", tmp_path / "other.key.pub")
    assert answer.returncode == 1
    assert answer.stdout.splitlines() == [
        "BROKEN  the bundle.public_key: it is not the trusted one",
        "BROKEN  versions[0].checkpoint.public_key: it is not the trusted one",
        "This bundle is NOT what was signed. Nothing in it can be relied on.",
    ]
    assert run_program(verify_bundle.__file__, tmp_path / "none.json").returncode == 1


def test_what_cannot_be_proven_is_not_exported(closed: Store, key: SigningKey) -> None:
    with pytest.raises(StoreError, match="no protocol '99'"):
        protocol_bundle(closed, "moodle", "99", key=key)
    with samples.tampering(closed) as connection:
        connection.execute(update(ledger).where(ledger.c.key == "7/9/attempt-2").values(payload="{}"))
    with pytest.raises(StoreDamaged, match=r"cannot be proven .* run lms-sync verify"):
        protocol_bundle(closed, "moodle", NUMBER, key=key)


def test_a_bundle_never_replaces_another(closed: Store, key: SigningKey, tmp_path: Path) -> None:
    data = protocol_bundle(closed, "moodle", NUMBER, key=key)
    save_bundle(data, tmp_path / "out", "moodle", NUMBER)
    with pytest.raises(ConfigError, match="exists and is left as it is"):
        save_bundle(data, tmp_path / "out", "moodle", NUMBER)
    with pytest.raises(ConfigError, match="cannot be written"):
        save_bundle(data, tmp_path / "checkpoint.key", "moodle", NUMBER)
