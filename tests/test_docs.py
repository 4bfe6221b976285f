"""The documents name only what exists: commands, options, make targets, files, configuration keys."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lms_sync.cli.app import app
from lms_sync.config import load_settings
from lms_sync.plugins import Plugins

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GROUPS = {"mapping", "report", "protocols", "documents", "blanks", "recognition"}

by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@cache
def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, f"there is no command {' '.join(command)}"
    return result.output


def commands_in_help() -> set[str]:
    listed = help_of().partition("Commands:")[2]
    return set(re.findall(r"^  ([a-z]+) ", listed, re.M))


def commands_in(text: str) -> list[list[str]]:
    """Every `lms-sync …` of code blocks and code spans, in words."""
    # (?<![\w/-]) keeps paths like /etc/lms-sync out, [ ] keeps file names like lms-sync.toml out.
    pieces = re.findall(r"```[a-z]*\n(.*?)```", text, re.S) + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    found = []
    for piece in pieces:
        for line in piece.splitlines():
            words = re.search(r"(?:^|[ /])lms-sync ((?:[a-z]|--).*)", line)
            if words and not line.lstrip().startswith("#"):
                found.append(re.split(r"\s+#|\s{2,}", words[1])[0].split())
    return found


@by_name
def test_every_command_and_option_exists(document: Path) -> None:
    for words in commands_in(document.read_text(encoding="utf-8")):
        if words[0].startswith("-"):
            continue
        depth = 2 if words[0] in GROUPS and len(words) > 1 and not words[1].startswith("-") else 1
        shown = help_of(*words[:depth])
        options = {word.partition("=")[0] for word in words[depth:] if word.startswith("--")}
        known = set(re.findall(r"(--[a-z-]+)", shown))
        assert options <= known, f"{' '.join(words)}: {options - known}"


def test_the_readme_lists_the_commands_that_help_lists() -> None:
    block = README.partition("## Commands")[2].partition("```")[2].partition("```")[0]
    assert set(re.findall(r"^lms-sync ([a-z]+)", block, re.M)) == commands_in_help()


def test_the_exit_codes_of_the_readme_are_those_of_help() -> None:
    table = set(re.findall(r"^\| (\d+) \|", README, re.M))
    said = re.search(r"Exit codes: (.*?)\n\n", help_of(), re.S)
    assert said
    assert set(re.findall(r"\b(\d+) ", said[1])) == table


@by_name
def test_every_make_target_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"(?:^|`)make ([a-z]+)", text, re.M)
    assert set(named) <= targets


@by_name
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    for link in links:
        assert (document.parent / link).exists(), link


def test_the_tree_of_the_readme_is_there() -> None:
    block = README.partition("## The tree")[2].partition("```")[2].partition("```")[0]
    for line in block.strip().splitlines():
        start = "lms_sync/" if line.startswith("  ") else ""
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            assert (ROOT / start / name).exists() or (ROOT / name).exists(), name


def test_the_example_configuration_loads(tmp_path: Path) -> None:
    path = tmp_path / "lms-sync.toml"
    path.write_text((ROOT / "config.example.toml").read_text(encoding="utf-8"), encoding="utf-8")
    secret = tmp_path / "academy.token"
    secret.touch(0o600)
    secret.write_text("0" * 32, encoding="utf-8")
    settings = load_settings(path, Plugins(), {})
    source = settings.source("academy")
    connector = source.connector(source.access, source.options)
    assert set(source.schedule) == {stream.name for stream in connector.streams()}
    connector.close()


def test_what_the_example_leaves_out_as_comments_is_valid_too(tmp_path: Path) -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    text = text.replace("# mapping = ", "mapping = ").replace("# token_env = ", "token_env = ")
    text = text.replace('token_file = "academy.token"', "")
    (tmp_path / "academy-mapping.toml").touch()
    path = tmp_path / "lms-sync.toml"
    path.write_text(text, encoding="utf-8")
    assert load_settings(path, Plugins(), {"LMS_SYNC_ACADEMY_TOKEN": "0" * 32}).source("academy").mapping


def test_the_functions_of_the_readme_are_those_the_connector_calls() -> None:
    called = set()
    for module in (ROOT / "connectors" / "lms_sync_moodle").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        called |= set(re.findall(r'"((?:core|mod|gradereport)_[a-z]+_[a-z_]+)"', text))
    assert called <= set(re.findall(r"`((?:core|mod|gradereport)_[a-z_]+)`", README))
