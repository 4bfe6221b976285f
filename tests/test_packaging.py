"""The distribution holds everything the program needs: lists in pyproject.toml go stale in silence."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS: dict[str, Any] = PROJECT["tool"]["setuptools"]
PLACES = {"lms_sync": ROOT / "lms_sync", "lms_sync_mappings": ROOT / "mappings"}
PLACES |= {path.name: path for path in (ROOT / "connectors").iterdir() if (path / "__init__.py").exists()}


def packages_on_disk() -> Iterator[str]:
    for name, place in PLACES.items():
        for init in place.rglob("__init__.py"):
            yield ".".join([name, *init.parent.relative_to(place).parts])


def test_every_package_is_listed() -> None:
    assert sorted(SETUPTOOLS["packages"]) == sorted(packages_on_disk())


def test_no_module_lies_outside_a_package() -> None:
    for place in PLACES.values():
        for module in place.rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), module


def test_the_example_configuration_is_the_one_that_init_writes() -> None:
    assert (ROOT / "config.example.toml").read_bytes() == (ROOT / "lms_sync" / "config.example.toml").read_bytes()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: building leaves traces in its tree."""
    copy = tmp_path_factory.mktemp("source")
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("lms_sync", "connectors", "mappings"):
        shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "-w", built, copy], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = built.glob("*.whl")
    return found


def test_the_wheel_has_every_module_and_data_file(wheel: Path) -> None:
    expected = {
        str(Path(name) / path.relative_to(place))
        for name, place in PLACES.items()
        for path in place.rglob("*")
        if path.is_file() and path.suffix in {".py", ".toml", ".typed", ".json", ".mako"}
    }
    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_wheel_works_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    program = (
        "import lms_sync, lms_sync_moodle, lms_sync_mappings; "
        "print(lms_sync.__file__, lms_sync_moodle.__file__, lms_sync_mappings.__file__); "
        "import sys; sys.argv = ['lms-sync', 'init']; from lms_sync.cli import main; main()"
    )
    environment = {"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:3] == [
        f"{site}/{name}/__init__.py" for name in ("lms_sync", "lms_sync_moodle", "lms_sync_mappings")
    ]
    assert (tmp_path / "lms-sync.toml").read_bytes() == (ROOT / "config.example.toml").read_bytes()
