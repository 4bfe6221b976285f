"""Checkpoints and `lms-sync verify` as an operator meets them: real processes, a real store."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms_sync.sandbox import SandboxServer, small_world
from lms_sync.store.store import Store
from tests.e2e.desk import PATIENCE, Desk, set_up
from tests.integration.store import samples

CHECKPOINTS = """
[checkpoints]
directory = "checkpoints"
key_file = "keys/checkpoint.key"
"""
PUBLIC_KEY = "keys/checkpoint.key.pub"
NUMBER = "12/2026"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SandboxServer(small_world(7)) as server:
        made = set_up(tmp_path, server)
        made.config.write_text(made.config.read_text(encoding="utf-8") + CHECKPOINTS, encoding="utf-8")
        yield made


def checkpoints(desk: Desk) -> list[str]:
    """Their paths as an operator in the desk's directory would write them."""
    return sorted(str(path.relative_to(desk.path)) for path in (desk.path / "checkpoints").glob("*"))


class TestPull:
    def test_each_pull_that_changes_something_is_signed_and_the_store_extends_all(self, desk: Desk) -> None:
        assert desk.run("pull").code == 0
        (first,) = checkpoints(desk)
        assert desk.run("pull").code == 0
        assert checkpoints(desk) == [first]
        with Store.open(f"sqlite:///{desk.path / 'store.db'}") as store:
            samples.put(store, samples.course("77"), source="academy")
        assert desk.run("pull").code == 0
        assert len(checkpoints(desk)) == 2
        assert (desk.path / "keys" / "checkpoint.key").stat().st_mode & 0o777 == 0o600
        both = [part for path in checkpoints(desk) for part in ("--checkpoint", path)]
        outcome = desk.run("verify", *both)
        assert (outcome.code, "extends all 2 checkpoints, signed with the key that each names" in outcome.out) == (
            0,
            True,
        )
        outcome = desk.run("verify", "--checkpoint", first, "--public-key", PUBLIC_KEY)
        assert (outcome.code, "extends the checkpoint, signed with the trusted key" in outcome.out) == (0, True)

    def test_a_checkpoint_that_cannot_be_written_leaves_the_pull_and_exits_1(self, desk: Desk) -> None:
        (desk.path / "checkpoints").touch()
        outcome = desk.run("pull", "--json")
        assert outcome.code == 1
        assert (outcome.document()["runs"][0]["outcome"], outcome.document()["runs"][0]["exit_code"]) == ("done", 0)
        (told,) = [line for line in outcome.err.splitlines() if "checkpoint" in line]
        assert told.startswith("No checkpoint was written: ")
        assert desk.rows("SELECT outcome FROM run") == [("done",)]

    def test_a_key_that_others_can_read_is_a_wrong_configuration(self, desk: Desk) -> None:
        assert desk.run("pull").code == 0
        (desk.path / "keys" / "checkpoint.key").chmod(0o644)
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert "checkpoints.key_file: the key file" in outcome.err
        assert "can be read by others (mode 0644)" in outcome.err

    def test_without_the_table_no_checkpoint_is_made(self, desk: Desk) -> None:
        desk.replace(CHECKPOINTS, "")
        assert desk.run("pull").code == 0
        assert not checkpoints(desk)
        assert "keys" not in desk.files()

    def test_a_pull_says_when_the_store_does_not_extend_its_last_checkpoint(self, desk: Desk) -> None:
        assert desk.run("pull").code == 0
        for path in desk.path.glob("store.db*"):
            path.unlink()
        outcome = desk.run("pull")
        assert outcome.code == 1
        assert "does not extend the last checkpoint" in outcome.err
        assert len(checkpoints(desk)) == 1


class TestService:
    def test_it_signs_after_its_pulls(self, desk: Desk) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "lms_sync", "run"],
            cwd=desk.path,
            env=desk.environment(),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert process.stderr
        try:
            for line in process.stderr:
                if json.loads(line)["event"] == "pull finished":
                    process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
        (path,) = checkpoints(desk)
        assert desk.run("verify", "--checkpoint", path).code == 0


class TestVerify:
    @pytest.fixture
    def closed(self, desk: Desk) -> Desk:
        with Store.open(f"sqlite:///{desk.path / 'store.db'}") as store:
            samples.put_every_kind(store, source="academy")
        return desk

    def test_a_changed_checkpoint_is_named(self, desk: Desk) -> None:
        assert desk.run("pull").code == 0
        (path,) = checkpoints(desk)
        file = desk.path / path
        file.write_bytes(file.read_bytes().replace(b'"size":', b'"size":1'))
        outcome = desk.run("verify", "--checkpoint", path, "--json")
        assert outcome.code == 4
        (problem,) = outcome.document()["problems"]
        assert problem == {
            "where": f"checkpoint {path}",
            "what": "its signature does not match its contents: the file was changed",
        }
        assert f"checkpoint {path}" in desk.run("verify", "--checkpoint", path).out

    def test_one_protocol_alone(self, closed: Desk) -> None:
        outcome = closed.run("verify", "--protocol", NUMBER)
        assert outcome.code == 0
        assert f"Protocol {NUMBER} of academy is whole" in outcome.out
        assert "The rest of the ledger was not checked" in outcome.out
        assert closed.run("verify", "--protocol", NUMBER, "--json").document()["rows"] == 2
        with Store.open(f"sqlite:///{closed.path / 'store.db'}") as store:
            samples.put_every_kind(store, source="branch")
        outcome = closed.run("verify", "--protocol", NUMBER)
        assert (outcome.code, "choose with --source: academy, branch" in outcome.err) == (2, True)
        assert closed.run("verify", "--protocol", NUMBER, "--source", "branch").code == 0

    def test_an_exported_bundle_is_checked_without_the_store(self, closed: Desk) -> None:
        outcome = closed.run("protocols", "export", NUMBER, "--bundle", "out")
        assert (outcome.code, outcome.out) == (0, "out/protocol-academy-12-2026.json\n"), outcome.both
        for path in closed.path.glob("store.db*"):
            path.unlink()

        def verify_bundle() -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-I", "-X", "utf8", "out/verify_bundle.py", outcome.out.strip()]
            options = ["--public-key", PUBLIC_KEY]
            return subprocess.run([*command, *options], cwd=closed.path, capture_output=True, encoding="utf-8")

        checked = verify_bundle()
        assert (checked.returncode, checked.stderr) == (0, "")
        assert "   1. Ёлкина Дарья Олеговна — 4 (хорошо)" in checked.stdout.splitlines()
        bundle = closed.path / outcome.out.strip()
        bundle.write_text(bundle.read_text(encoding="utf-8").replace("Ёлкина", "Белкина"), encoding="utf-8")
        checked = verify_bundle()
        assert checked.returncode == 1
        assert "BROKEN  results[0].payload: it does not match the payload's digest" in checked.stdout.splitlines()

    @pytest.mark.parametrize(
        ("arguments", "code", "told"),
        [
            (("--protocol", "99"), 2, "The store has no protocol '99'"),
            (("--protocol", "99", "--source", "academy"), 4, "has no protocol '99'"),
            (("--protocol", NUMBER, "--checkpoint", "x.json"), 2, "--protocol checks no checkpoint"),
            (("--public-key", "x.pub"), 2, "name one with --checkpoint"),
            (("--source", "academy"), 2, "--source belongs to --protocol"),
            (("--checkpoint", "none.json"), 4, "the checkpoint none.json cannot be read"),
            (("--checkpoint", "none.json", "--public-key", "none.pub"), 2, "the public key none.pub cannot be read"),
        ],
    )
    def test_what_cannot_be_asked(self, closed: Desk, arguments: tuple[str, ...], code: int, told: str) -> None:
        outcome = closed.run("verify", *arguments)
        assert (outcome.code, outcome.out) == (code, "")
        assert told in outcome.err
        assert len(outcome.err.splitlines()) == 1
