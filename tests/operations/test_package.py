"""The wheel contains what an installer needs, and no training data."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DATA = f"chaperone_gateway-{PROJECT['project']['version']}.data/data/share/chaperone"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all files in a wheel of the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "libs", "target")
    for name in ("gateway", "classifiers", "deploy", "docs"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", ".", "./source"],
        cwd=folder, check=True, timeout=240,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_has_what_an_installer_needs(names: set[str]) -> None:
    expected = {
        "gateway.example.toml", "verify_audit.py", "prometheus/alerts.yml", "prometheus/alertmanager.yml",
        "grafana/chaperone.json", "systemd/chaperone.service", "systemd/chaperone@.service", "operate/runbook.md",
        "operate/guides/postfix.md",
    }  # fmt: skip
    assert {f"{DATA}/{name}" for name in expected} <= names
    code = {
        "gateway/policies/401_13r2.toml", "gateway/commands/example_roster/users.csv", "gateway/demo/traffic.toml",
        "gateway/py.typed", "classifiers/model/model.json", "classifiers/lexicons/help.toml",
    }  # fmt: skip
    assert code <= names


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_has_no_training_data(names: set[str]) -> None:
    assert not [name for name in names if name.endswith(".jsonl")]
    assert not [name for name in names if name.startswith("tests/")]


def test_the_changelog_has_the_version() -> None:
    version = PROJECT["project"]["version"]
    assert f"\n## [{version}] - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
