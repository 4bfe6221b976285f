"""Signed checkpoints: what is written when, and that nothing of them or of the store can be changed unseen."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import delete, select, update

from lms_sync.errors import ConfigError, StoreError
from lms_sync.store.checkpoint import read_checkpoint, sign_checkpoint, stored_checkpoints
from lms_sync.store.signing import DocumentBroken, read_public_key, signing_key
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify import VerifyReport, verify
from tests.integration.store import samples


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "signed" / "checkpoints"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.key"


def signed(store: Store, directory: Path, key_file: Path) -> Path:
    """A checkpoint after one more change."""
    samples.put(store, samples.course(title=os.urandom(4).hex()))
    path = sign_checkpoint(store, directory, key_file)
    assert path is not None
    return path


def problems(store: Store, *paths: Path, public_key: str | None = None) -> list[str]:
    report: VerifyReport = verify(store, checkpoints=paths, public_key=public_key)
    assert report.ok == (not report.problems)
    return [str(problem) for problem in report.problems]


def test_a_checkpoint_signs_the_head_and_the_documented_bytes(store_url: str, directory: Path, key_file: Path) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        samples.put_every_kind(store)
        path = sign_checkpoint(store, directory, key_file)
        with store.reading() as connection:
            digests = connection.execute(select(ledger.c.digest).order_by(ledger.c.seq)).scalars().all()
        assert path == directory / f"checkpoint-{len(digests):012}-20260101T000000000000Z.json"
        data = path.read_bytes()
        document = json.loads(data)
        signature = bytes.fromhex(document.pop("signature"))
        public = (key_file.parent / "checkpoint.key.pub").read_text(encoding="utf-8").strip()
        assert document == {
            "format": "lms-sync-checkpoint-1",
            "store": digests[0],
            "size": len(digests),
            "digest": digests[-1],
            "time": "2026-01-01T00:00:00.000000Z",
            "public_key": public,
        }
        # As docs/ledger.md says, with nothing of ours.
        canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, canonical)
        assert problems(store, path, public_key=public) == []


def test_nothing_is_written_for_an_empty_ledger_or_a_head_that_stands(
    store: Store, directory: Path, key_file: Path
) -> None:
    assert sign_checkpoint(store, directory, key_file) is None
    assert not directory.exists()
    path = signed(store, directory, key_file)
    store.begin_run("moodle", "full", "operator", "1")
    assert sign_checkpoint(store, directory, key_file) is None
    assert [one.name for one in directory.iterdir()] == [path.name]


def test_checkpoints_sort_by_size_and_all_of_them_hold(store: Store, directory: Path, key_file: Path) -> None:
    paths = [signed(store, directory, key_file) for _ in range(12)]
    assert stored_checkpoints(directory) == paths == sorted(directory.iterdir())
    report = verify(store, checkpoints=paths)
    assert (report.problems, report.checkpoints) == ([], 12)


def test_only_so_many_are_kept_when_asked(store: Store, directory: Path, key_file: Path) -> None:
    paths = [signed(store, directory, key_file) for _ in range(3)]
    samples.put(store, samples.grade())
    paths.append(sign_checkpoint(store, directory, key_file, keep=2))
    assert stored_checkpoints(directory) == paths[-2:]


def test_what_the_last_checkpoint_signed_must_still_be_there(store: Store, directory: Path, key_file: Path) -> None:
    """Else a store that was cut off or written anew would be signed over at its next run."""
    path = signed(store, directory, key_file)
    with samples.tampering(store) as connection:
        connection.execute(update(ledger).values(digest="0" * 64))
    with pytest.raises(StoreError, match="does not extend the last checkpoint"):
        sign_checkpoint(store, directory, key_file)
    with samples.tampering(store) as connection:
        connection.execute(delete(ledger))
    with pytest.raises(StoreError, match="does not extend the last checkpoint"):
        sign_checkpoint(store, directory, key_file)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"is damaged .* move it elsewhere"):
        sign_checkpoint(store, directory, key_file)


def test_a_directory_that_cannot_be_written_is_told(store: Store, tmp_path: Path, key_file: Path) -> None:
    (tmp_path / "file").touch()
    samples.put(store, samples.course())
    with pytest.raises(StoreError, match=r"cannot be (written|listed): Not a directory"):
        sign_checkpoint(store, tmp_path / "file" / "checkpoints", key_file)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "checkpoint-000000000001-20260101T000000000000Z.json").mkdir()
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        sign_checkpoint(store, tmp_path / "full", key_file)


def test_a_checkpoint_of_another_store_or_another_past_is_not_extended(
    store: Store, directory: Path, key_file: Path, tmp_path: Path
) -> None:
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        foreign = signed(other, tmp_path / "foreign", key_file)
    early, late = signed(store, directory, key_file), signed(store, directory, key_file)
    assert problems(store, foreign) == [
        f"checkpoint {foreign}: it was made of another store: the first ledger row has another digest"
    ]
    with samples.tampering(store) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq == 2))
    assert problems(store, early, late)[0] == f"checkpoint {late}: ledger row 2, which it signs, is missing"
    with samples.tampering(store) as connection:
        connection.execute(update(ledger).where(ledger.c.seq == 1).values(digest="0" * 64))
    assert "another store" in problems(store, early)[0]


def test_a_ledger_written_anew_does_not_extend_its_checkpoint(store: Store, directory: Path, key_file: Path) -> None:
    """A forger who makes every digest anew is told by the checkpoint alone."""
    signed(store, directory, key_file)
    path = signed(store, directory, key_file)
    with samples.tampering(store) as connection:
        samples.reseal_last(connection, actor="nobody")
    assert problems(store) == []
    assert problems(store, path) == [f"checkpoint {path}: ledger row 2, which it signs, has another digest"]


def test_a_chain_that_is_broken_before_the_checkpoint_is_named(store: Store, directory: Path, key_file: Path) -> None:
    signed(store, directory, key_file)
    path = signed(store, directory, key_file)
    with samples.tampering(store) as connection:
        connection.execute(update(ledger).where(ledger.c.seq == 1).values(actor="nobody"))
    assert problems(store, path)[0] == "ledger row 1: its digest does not match its contents"


def test_another_key_than_the_trusted_one_is_named(
    store: Store, directory: Path, key_file: Path, tmp_path: Path
) -> None:
    path = signed(store, directory, key_file)
    other = signing_key(tmp_path / "other.key").public
    assert "another key than the trusted one" in problems(store, path, public_key=other)[0]


def test_every_changed_byte_of_a_checkpoint_is_found(
    sqlite_url: str, directory: Path, key_file: Path, tmp_path: Path
) -> None:
    chance = random.Random(1)
    with Store.open(sqlite_url) as store:
        data = signed(store, directory, key_file).read_bytes()
        changed = tmp_path / "changed.json"
        for place in range(len(data)):
            # 0x20 turns the case of a hexadecimal digit: the same bytes in another spelling.
            for flip in (0x20, chance.randrange(1, 256)):
                changed.write_bytes(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :])
                with pytest.raises(DocumentBroken):
                    read_checkpoint(changed.read_bytes())
        for wrong in (data + b"\n", data[:-1], b" " + data, data.replace(b":", b": ", 1), b"", b"[]\n", b"\xff"):
            changed.write_bytes(wrong)
            (told,) = problems(store, changed)
            assert told.startswith(f"checkpoint {changed}: ")
        changed.write_bytes(data)
        assert problems(store, changed) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "lms-sync-checkpoint-2"},
        {"size": 0},
        {"size": True},
        {"size": "1"},
        {"time": "2026-01-01"},
        {"store": "0"},
        {"more": 1},
        {"digest": None},
    ],
)
def test_a_checkpoint_of_another_form_is_refused_although_it_is_signed(tmp_path: Path, changes: dict[str, Any]) -> None:
    document: dict[str, Any] = {"format": "lms-sync-checkpoint-1", "size": 1, "time": "2026-01-01T00:00:00.000000Z"}
    document |= {"store": "0" * 64, "digest": "0" * 64}
    key = signing_key(tmp_path / "key")
    assert read_checkpoint(key.signed(document)).size == 1
    with pytest.raises(DocumentBroken):
        read_checkpoint(key.signed(document | changes))


def test_the_key_is_made_once_for_its_owner_only(key_file: Path) -> None:
    key_file = key_file.parent / "keys" / "a.key"
    first = signing_key(key_file)
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert signing_key(key_file).public == first.public == read_public_key(key_file.parent / "a.key.pub")
    assert sorted(path.name for path in key_file.parent.iterdir()) == ["a.key", "a.key.pub"]


def test_a_key_that_is_none_or_open_to_others_is_refused(key_file: Path, tmp_path: Path) -> None:
    signing_key(key_file)
    key_file.chmod(0o640)
    with pytest.raises(ConfigError, match=r"can be read by others \(mode 0640\); run: chmod 600"):
        signing_key(key_file)
    key_file.chmod(0o600)
    key_file.write_text("не ключ", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no unencrypted private key"):
        signing_key(key_file)
    with pytest.raises(ConfigError, match="is not a file"):
        signing_key(tmp_path)
    for text in ("", "0" * 63, "Z" * 64, "AB" * 32):
        key_file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="holds no public key"):
            read_public_key(key_file)
    with pytest.raises(ConfigError, match=re.escape("cannot be read: No such file")):
        read_public_key(tmp_path / "none.pub")


def test_erasing_a_learner_leaves_checkpoints_valid(store: Store, directory: Path, key_file: Path) -> None:
    samples.put_every_kind(store)
    path = signed(store, directory, key_file)
    store.erase_learner("moodle", "9", "registrar", "отзыв согласия")
    assert problems(store, path) == []
    assert sign_checkpoint(store, directory, key_file) is not None
