"""The documents agree with the code: settings, metrics, topics, commands, versions."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from gateway.bus.topics import TOPICS
from gateway.cli import parser
from gateway.observability.events import EventLog
from gateway.settings.model import Settings, load

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
OPERATE = ROOT / "docs" / "operate"
EXAMPLE = (DEPLOY / "gateway.example.toml").read_text(encoding="utf-8")
SECRET = ("password", "token", "secret")


def _rows(document: str, first: str) -> list[list[str]]:
    """The rows of the table in a document whose header starts with a word, without code marks and spaces."""
    lines = (OPERATE / document).read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    table = [line for line in lines[start + 2 :] if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


# --- settings ---------------------------------------------------------------------------------------------------


def _uncommented() -> str:
    return re.sub(r"^#(?=[\w\[\"])", "", EXAMPLE, flags=re.MULTILINE)


def _model(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _keys(model: type[BaseModel], where: str = "") -> Iterator[str]:
    """The dotted keys as in a file, where secrets are file names."""
    for name, field in model.model_fields.items():
        key = f"{where}{field.alias or name}"
        if section := _model(field.annotation):
            yield from _keys(section, f"{key}.")
        else:
            yield f"{key}_file" if key.endswith(SECRET) else key


def _written(document: Mapping[str, Any], where: str = "") -> Iterator[str]:
    leaves = set(_keys(Settings))
    for name, value in document.items():
        key = f"{where}{name}"
        if isinstance(value, Mapping) and key not in leaves:
            yield from _written(value, f"{key}.")
        else:
            yield key


def test_example_has_exactly_the_settings() -> None:
    assert set(_written(tomllib.loads(_uncommented()))) == set(_keys(Settings))


def test_every_setting_of_the_example_has_a_comment() -> None:
    lines = EXAMPLE.splitlines()
    keys = [i for i, line in enumerate(lines) if re.match(r'#?[\w"*.]+ = ', line)]
    hops = lines.index("[smtp.next_hop]")
    assert len(keys) > 50
    assert not [lines[i] for i in keys if not lines[i - 1].startswith("# ") and not hops < i < hops + 5]


def test_example_shows_the_defaults(tmp_path: Path) -> None:
    for secret in (
        "bus.secret",
        "texting.secret",
        "smsc.secret",
        "twilio.secret",
        "webhooks.secret",
        "oidc.secret",
        "scanner.secret",
    ):
        (tmp_path / secret).write_text("s3cret\n")
    plain, full = tmp_path / "plain.toml", tmp_path / "full.toml"
    plain.write_text(EXAMPLE)
    full.write_text(_uncommented())
    found = _differences(load(plain, {}).model_dump(), load(full, {}).model_dump())
    # These have no default, or one that depends on another key or on the machine: the example shows a sample value.
    assert set(found) == {
        "district.name", "district.aliases", "directory.contacts", "directory.groups",
        "directory.special_staff", "policy.file", "policy.text", "bus.tls_ca", "bus.user", "bus.password",
        "smtp.hostname", "smtp.tls_cert", "smtp.tls_key", "smtp.listen_tls", "smtp.accounts", "sms.smpp", "sms.twilio",
        "classify.model", "console.public_url", "console.oidc.issuer", "console.oidc.client_id",
        "console.oidc.client_secret", "notify.to",
    }  # fmt: skip


def _differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from _differences(one[key], other[key], f"{where}.{key}" if where else key)
    elif one != other:
        yield where


# --- metrics and topics -----------------------------------------------------------------------------------------


def _measured() -> dict[str, tuple[str, str]]:
    """Kind and labels of each metric, by its exported name."""
    registry = EventLog(CollectorRegistry()).registry
    collectors = set(registry._names_to_collectors.values())  # only this knows labels before they are used
    return {
        metric.name + ("_total" if metric.type == "counter" else ""): (metric.type, ", ".join(collector._labelnames))
        for collector in collectors
        for metric in collector.collect()
    }


def test_metrics_are_documented() -> None:
    assert {name: (kind, labels) for name, kind, labels, _ in _rows("metrics.md", "metric")} == _measured()


@pytest.mark.parametrize("document", ["prometheus/alerts.yml", "prometheus/alerts_test.yml", "grafana/chaperone.json"])
def test_only_documented_metrics_are_watched(document: str) -> None:
    text = (DEPLOY / document).read_text(encoding="utf-8")
    used = set(re.findall(r"\bchaperone_\w+", text))
    series = {
        name if kind != "histogram" else f"{name}_{part}"
        for name, (kind, _) in _measured().items()
        for part in ("bucket", "count", "sum")
    }
    assert used
    assert used <= series


def test_every_metric_is_on_the_dashboard() -> None:
    dashboard = (DEPLOY / "grafana" / "chaperone.json").read_text(encoding="utf-8")
    assert [name for name in _measured() if not re.search(rf"\b{name}(_bucket)?\b", dashboard)] == []


def test_topics_are_documented() -> None:
    documented = {name: (int(count), content) for name, count, content, *_ in _rows("topics.md", "topic")}
    assert documented == {topic.name: (topic.partitions, "yes" if topic.content else "no") for topic in TOPICS.values()}


# --- commands and versions --------------------------------------------------------------------------------------


def _documents() -> list[Path]:
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]


def _is_valid(command: str) -> bool:
    try:
        parser().parse_args(shlex.split(command, comments=True)[1:])
    except SystemExit as end:
        return not end.code
    return True


def test_every_command_in_the_documents_is_valid() -> None:
    texts = {document: document.read_text(encoding="utf-8") for document in _documents()}
    form = re.compile(r"(?:`|^\s*(?:\$ )?)(?:\.venv/bin/)?(chaperone [^`\n|<>]+)", re.MULTILINE)
    commands = [(document.name, command) for document, text in texts.items() for command in form.findall(text)]
    assert len(commands) > 10
    assert not [command for command in commands if not _is_valid(command[1])]


def test_every_alert_has_its_section_in_the_runbook() -> None:
    alerts = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    runbook = (OPERATE / "runbook.md").read_text(encoding="utf-8")
    sections = {
        re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-"): text
        for title, text in re.findall(r"^## (.+?)$(.+?)(?=^## |\Z)", runbook, flags=re.MULTILINE | re.DOTALL)
    }
    named = re.findall(r"alert: (\w+).+?runbook_url: docs/operate/runbook\.md#(\S+)", alerts, flags=re.DOTALL)
    assert len(named) == alerts.count("- alert:")
    assert not [alert for alert, section in named if f"`{alert}`" not in sections.get(section, "")]
    assert set(sections) == {section for _, section in named}


def _dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    return [Requirement(text) for text in named if not text.startswith(project["name"])]


def test_every_library_that_is_imported_is_a_dependency() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in _dependencies()}
    distributions = packages_distributions()
    files = [path for room in ("gateway", "classifiers", "tests") for path in (ROOT / room).rglob("*.py")]

    @cache
    def is_known(name: str) -> bool:
        if name in sys.stdlib_module_names or name in ("gateway", "classifiers", "tests"):
            return True
        return bool(declared & {canonicalize_name(found) for found in distributions.get(name, (name,))})

    texts = {path: path.read_text(encoding="utf-8") for path in files}
    missing = {
        f"{name} in {path.relative_to(ROOT)}"
        for path, text in texts.items()
        if not all(map(is_known, _maybe_imported(text)))  # only these are parsed, which takes long for all
        for node in ast.walk(ast.parse(text))
        for name in _imported(node)
        if not is_known(name)
    }
    assert not missing


def _maybe_imported(text: str) -> Iterator[str]:
    """What `_imported` finds in a text, and words of prose that look like it."""
    for names in re.findall(r"(?:^|[;:])[ \t]*(?:from|import)[ \t]+(\w[\w., \t]*)", text, re.MULTILINE):
        yield from (name.split()[0].split(".")[0] for name in names.split(" import ")[0].split(",") if name.strip())


def _imported(node: ast.AST) -> Iterator[str]:
    """The libraries that a statement imports."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name.split(".")[0] for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module.split(".")[0]


def test_every_dependency_has_an_exact_version_without_an_address() -> None:
    wanted = _dependencies()
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(re.fullmatch(r"([\w.-]+)==([\w.+]+)", line).groups() for line in lines if not line.startswith("#"))  # type: ignore[union-attr]
    versions = {canonicalize_name(name): version for name, version in pinned.items()}
    assert not [requirement.name for requirement in wanted if canonicalize_name(requirement.name) not in versions]
    assert not [str(wish) for wish in wanted if versions[canonicalize_name(wish.name)] not in wish.specifier]
