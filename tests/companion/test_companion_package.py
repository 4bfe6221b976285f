"""The Moodle-side plugin as a package: its zip, and that its parts name each other rightly.

What it does is tried in a real Moodle (docs/companion.md says how); here is what can be known without one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "connectors" / "lms_sync_moodle" / "companion" / "local_lmssync"
BUILDER = ROOT / "connectors" / "build_companion.py"
PHP_FILES = sorted(PLUGIN.rglob("*.php"))
SOURCES = {path.relative_to(PLUGIN).as_posix(): path.read_text(encoding="utf-8") for path in PHP_FILES}


def build(folder: Path) -> Path:
    done = subprocess.run([sys.executable, str(BUILDER), str(folder)], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def strings(language: str) -> dict[str, str]:
    return dict(re.findall(r"^\$string\['(.+?)'\] = '(.*)';$", SOURCES[f"lang/{language}/local_lmssync.php"], re.M))


def words_of(language: str, key: str) -> list[str]:
    return re.findall(r"\{\$a[^}]*\}", strings(language)[key])


def functions() -> dict[str, str]:
    """Web service function -> its class."""
    found = re.findall(
        r"'(local_lmssync_\w+)' => \[\s+'classname' => '([\w\\]+)',\s+'methodname' => 'execute'",
        SOURCES["db/services.php"],
    )
    return dict(found)


def class_file(name: str) -> str:
    """Where Moodle's autoloader looks for a class of the plugin."""
    return "classes/" + name.removeprefix("local_lmssync\\").replace("\\", "/") + ".php"


# The zip


def test_the_zip_holds_every_file_in_one_folder_named_as_moodle_wants(tmp_path: Path) -> None:
    archive = build(tmp_path)
    release = re.search(r"\$plugin->release = '(.+)';", SOURCES["version.php"])
    assert release
    assert archive.name == f"local_lmssync-{release[1]}.zip"
    files = {path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*") if path.is_file()}
    assert zipfile.ZipFile(archive).namelist() == [f"lmssync/{path}" for path in sorted(map(Path, files))]


def test_the_zip_is_the_same_whenever_and_wherever_it_is_made(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "connectors"
    shutil.copytree(PLUGIN, copy / "lms_sync_moodle" / "companion" / "local_lmssync")
    shutil.copy(BUILDER, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700 if path.is_dir() else 0o640)
    done = subprocess.run(
        [sys.executable, str(copy / BUILDER.name), str(tmp_path / "b")], capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).read_bytes() == build(tmp_path / "a").read_bytes()


def test_hidden_files_stay_out_of_the_zip(tmp_path: Path) -> None:
    copy = tmp_path / "connectors"
    source = copy / "lms_sync_moodle" / "companion" / "local_lmssync"
    shutil.copytree(PLUGIN, source)
    shutil.copy(BUILDER, copy)
    (source / ".DS_Store").write_bytes(b"x")
    done = subprocess.run(
        [sys.executable, str(copy / BUILDER.name), str(tmp_path / "out")], capture_output=True, text=True, check=True
    )
    assert not [name for name in zipfile.ZipFile(done.stdout.strip()).namelist() if "/." in name]


# The PHP


def test_php_itself_can_read_every_file() -> None:
    php = shutil.which("php")
    if (
        php is None
    ):  # then at least: every file opens as PHP, and its brackets are balanced outside of texts and comments
        for name, text in SOURCES.items():
            assert text.startswith("<?php\n"), name
            bare = re.sub(r"/\*.*?\*/|//[^\n]*|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", "", text, flags=re.S)
            assert [bare.count(one) for one in "([{"] == [bare.count(one) for one in ")]}"], name
        return
    for path in PHP_FILES:
        done = subprocess.run([php, "-n", "-l", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SOURCES)
def test_every_file_carries_the_licence_and_its_package(name: str) -> None:
    text = SOURCES[name]
    assert text.startswith("<?php\n// This file is part of Moodle - https://moodle.org/\n")
    assert "either version 3 of the License, or" in text
    assert "@package    local_lmssync\n" in text
    assert "GNU GPL v3 or later" in text


@pytest.mark.parametrize("name", SOURCES)
def test_classes_lie_where_moodle_looks_for_them(name: str) -> None:
    text = SOURCES[name]
    space = re.search(r"^namespace (.+);$", text, re.M)
    declared = re.search(r"^(?:abstract )?class (\w+)", text, re.M)
    assert bool(space) == bool(declared) == name.startswith("classes/")
    if space and declared:
        assert class_file(f"{space[1]}\\{declared[1]}") == name


def test_the_plugin_is_for_41_to_51_and_php_74() -> None:
    version = SOURCES["version.php"]
    assert "$plugin->component = 'local_lmssync';" in version
    assert "$plugin->requires = 2022112800;" in version
    assert "$plugin->supported = [401, 501];" in version
    later = re.compile(
        r"\?->|\bmatch ?\(|\breadonly\b|\benum \w|\(\.\.\.\)|function \w+\([^)]*\w\|\w+ \$|\): \w+\|\w+|: static\b"
    )
    for name, text in SOURCES.items():
        assert not later.search(re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)), name


# What the files say of each other


def test_every_function_has_its_class_and_parameters() -> None:
    assert len(functions()) == SOURCES["db/services.php"].count("'methodname'") == 7
    for function, name in functions().items():
        text = SOURCES[class_file(name)]
        assert function == "local_lmssync_" + name.rpartition("\\")[2]
        declared = re.findall(r"'(\w+)' => new external_value\(", text)
        signature = re.search(r"public static function execute\((.*?)\)", text)
        assert signature
        assert re.findall(r"\$(\w+)", signature[1]) == declared
        checked = re.search(r"validate_parameters\(self::execute_parameters\(\), \[(.*?)\]\)", text, re.S)
        assert checked
        assert re.findall(r"'(\w+)' => \$\1\b", checked[1]) == declared
        assert "self::enter('local/lmssync:read'" in text, f"{function} answers without the right to read"
        assert f"The function {function}." in text


def test_the_service_names_what_the_connector_calls() -> None:
    called = set()
    for module in (ROOT / "connectors" / "lms_sync_moodle").glob("*.py"):
        called |= set(re.findall(r'"((?:core|mod|gradereport)_[a-z]+_[a-z_]+)"', module.read_text(encoding="utf-8")))
    block = re.search(r"CORE_FUNCTIONS = \[(.*?)\];", SOURCES["classes/local/service.php"], re.S)
    assert block
    assert set(re.findall(r"'(\w+)'", block[1])) == called


def test_the_handshake_knows_every_capability_that_the_readme_asks_for() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| what for | capabilities |")[2].partition("\n\n")[0]
    wanted = set(re.findall(r"`([a-z]+/[a-z]+:[a-z]+)`", table))
    site = SOURCES["classes/local/site.php"]
    assert wanted
    assert wanted <= set(re.findall(r"'([a-z]+/[a-z]+:[a-z]+)'", site))


def test_capabilities_are_declared_named_and_asked_for() -> None:
    declared = set(re.findall(r"^    '(local/lmssync:\w+)' => \[", SOURCES["db/access.php"], re.M))
    used = {found for text in SOURCES.values() for found in re.findall(r"local/lmssync:\w+", text)}
    assert used == declared
    for capability in declared:
        key = capability.removeprefix("local/")
        assert key in strings("en")
        elsewhere = [name for name, text in SOURCES.items() if capability in text and name != "db/access.php"]
        assert elsewhere, f"nothing asks for {capability}"


def test_no_role_gets_the_rights_of_the_web_service_by_itself() -> None:
    blocks = dict(re.findall(r"'(local/lmssync:\w+)' => \[(.*?)\n    \]", SOURCES["db/access.php"], re.S))
    for name in ("read", "writedocuments"):
        block = blocks[f"local/lmssync:{name}"]
        assert "'archetypes' => []" in block
        assert "RISK_PERSONAL" in block


def test_english_and_russian_have_the_same_strings() -> None:
    assert list(strings("en")) == list(strings("ru")) == sorted(strings("en"))
    for key in strings("en"):
        assert words_of("en", key) == words_of("ru", key), key


def test_every_string_that_is_used_exists_and_none_is_left_over() -> None:
    used = {"pluginname"} | {
        found.removeprefix("local/") for found in re.findall(r"local/lmssync:\w+", SOURCES["db/access.php"])
    }
    patterns = []
    for name, text in SOURCES.items():
        if name.startswith("lang/"):
            continue
        used |= set(re.findall(r"(?:get_string|lang_string|moodle_exception)\('([\w:]+)',\s*'local_lmssync'", text))
        patterns += re.findall(r"get_string\('([\w:]+)' \. \$\w+(?:->\w+)?, 'local_lmssync'", text)
        patterns += re.findall(r"get_string\(\"(\w+)\$\w+\", 'local_lmssync'", text)
    provider = SOURCES["classes/privacy/provider.php"]
    used |= set(re.findall(r"'(privacy:\w+)'", provider))
    for fields, what in re.findall(r"\$fields = \[(.*?)\];.*?described\('(\w+)'", provider, re.S):
        used |= {f"privacy:{what}:{field}" for field in re.findall(r"'(\w+)'", fields)}
    assert used <= set(strings("en"))
    left_over = {key for key in strings("en") if key not in used and not key.startswith(tuple(patterns))}
    assert not left_over
    for pattern in patterns:
        assert any(key.startswith(pattern) for key in strings("en")), pattern


def test_every_event_leads_to_a_method_of_the_observer() -> None:
    events = re.findall(
        r"'eventname' => '(.+?)',\s+'callback' => '\\local_lmssync\\observer::(\w+)'", SOURCES["db/events.php"]
    )
    assert len(events) == SOURCES["db/events.php"].count("'eventname'")
    assert len({event for event, _ in events}) == len(events)
    methods = set(re.findall(r"public static function (\w+)\(base \$event\): void", SOURCES["classes/observer.php"]))
    assert {method for _, method in events} == methods


def test_every_task_has_its_class() -> None:
    tasks = re.findall(r"'classname' => '(local_lmssync\\task\\\w+)'", SOURCES["db/tasks.php"])
    assert tasks
    for name in tasks:
        assert "extends \\core\\task\\scheduled_task" in SOURCES[class_file(name)]


# The tables


def tables() -> dict[str, ET.Element]:
    root = ET.parse(PLUGIN / "db" / "install.xml").getroot()
    return {table.attrib["NAME"]: table for table in root.iter("TABLE")}


def test_the_tables_are_those_that_the_code_uses() -> None:
    code = "\n".join(text for name, text in SOURCES.items() if not name.startswith("lang/"))
    used = set(re.findall(r"\{(local_lmssync_\w+)\}", code))
    used |= set(re.findall(r"(?:record|records|field|select|recordset|raw|exists)\w*\('(local_lmssync_\w+)'", code))
    assert used == set(tables())


def test_table_and_column_names_are_short_enough_for_every_database() -> None:
    for name, table in tables().items():
        assert len(name) <= 28, name  # Moodle before 4.3
        for field in table.iter("FIELD"):
            assert len(field.attrib["NAME"]) <= 30
        keys = [key for key in table.iter("KEY") if key.attrib["TYPE"] == "primary"]
        assert [key.attrib["FIELDS"] for key in keys] == ["id"]


def test_a_document_is_hashed_and_read_back_with_every_column_of_its_table() -> None:
    columns = [field.attrib["NAME"] for field in tables()["local_lmssync_document"].iter("FIELD")]
    documents = SOURCES["classes/local/documents.php"]
    told = re.search(r"const COLUMNS = \[(.*?)\];", documents, re.S)
    hashed = re.search(r"const FIELDS = \[(.*?)\];", documents, re.S)
    assert told
    assert hashed
    assert re.findall(r"'(\w+)'", told[1]) == columns
    own = {"id", "revision", "hash", "timecreated", "timemodified"}
    assert re.findall(r"'(\w+)'", hashed[1]) == [column for column in columns if column not in own]


def test_a_mark_has_a_column_for_each_source_of_changes() -> None:
    columns = {field.attrib["NAME"] for field in tables()["local_lmssync_mark"].iter("FIELD")}
    marks = re.search(r"const TABLES = \[(.*?)\];", SOURCES["classes/local/marks.php"], re.S)
    assert marks
    sources = set(re.findall(r"'(\w+)' => ", marks[1]))
    assert sources <= columns
    named = set()
    for name, text in SOURCES.items():
        if name.startswith("classes/local/stream/"):
            for block in re.findall(r"function sources\(\): array \{\s+return \[(.*?)\];", text):
                named |= set(re.findall(r"'(\w+)'", block))
    assert named == sources


def test_every_stream_is_registered_under_its_own_name() -> None:
    registered = dict(re.findall(r"'(\w+)' => stream\\(\w+)::class", SOURCES["classes/local/streams.php"]))
    for name, class_name in registered.items():
        assert f"return '{name}';" in SOURCES[f"classes/local/stream/{class_name}.php"]
    files = {Path(name).stem for name in SOURCES if name.startswith("classes/local/stream/")}
    assert set(registered.values()) == files - {"stream", "append_stream", "object_stream"}
