"""The deployment files, checked against the product without a container engine or systemd."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli import ROLES, parser
from gateway.settings.model import Settings, load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
GATEWAYS = {name: service for name, service in SERVICES.items() if service["image"] == "chaperone:local"}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def _config() -> Settings:
    return load(DEPLOY / "compose" / "gateway.toml", {})


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _mounts(service: dict[str, Any]) -> dict[str, Path]:
    """Mounted files of the checkout by their path in the container; named volumes are left out."""
    pairs = [volume.split(":")[:2] for volume in service.get("volumes", []) if volume.startswith(".")]
    return {target: (DEPLOY / source).resolve() for source, target in pairs}


def test_every_role_is_a_service_with_a_valid_command() -> None:
    roles = [parser().parse_args(service["command"]).role for service in GATEWAYS.values()]
    assert sorted(role for named in roles for role in named) == sorted(ROLES)
    assert {"kafka", "postgres", "prometheus", "alertmanager"} == set(SERVICES) - set(GATEWAYS)


def test_evidence_packs_are_built_on_disk() -> None:
    """A pack may be gigabytes; /tmp of the containers is memory."""
    console = SERVICES["console"]
    assert "/tmp" in console["tmpfs"]
    assert any(volume.endswith(":/var/tmp") and volume[0] not in "./" for volume in console["volumes"])


def test_every_mounted_file_exists_and_is_used() -> None:
    for name, service in SERVICES.items():
        for target, source in _mounts(service).items():
            assert source.exists(), f"{name}: {source}"
            assert source.is_dir() == (not Path(target).suffix), f"{name}: {target}"
    named = {volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume[0] != "."}
    assert {volume.split(":")[0] for volume in named} == set(COMPOSE["volumes"])
    for service in GATEWAYS.values():
        assert service["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}
        config = parser().parse_args(service["command"]).config
        assert _mounts(service)[str(config)] == DEPLOY / "compose" / "gateway.toml"
        for path in (_config().directory.oneroster, _config().directory.contacts, _config().directory.groups):
            assert path is not None
            target, source = next((t, s) for t, s in _mounts(service).items() if path.is_relative_to(t))
            assert (source / path.relative_to(target)).exists()


def test_services_use_each_others_addresses() -> None:
    config = _config()
    assert config.bus.url == f"kafka://{SERVICES['kafka']['environment']['KAFKA_ADVERTISED_LISTENERS'].split('//')[1]}"
    assert config.store.url.endswith("@postgres/" + SERVICES["postgres"]["environment"]["POSTGRES_DB"])
    assert SERVICES["postgres"]["environment"]["POSTGRES_USER"] in config.store.url
    targets = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    scraped = targets["scrape_configs"][0]["static_configs"][0]["targets"]
    assert sorted(scraped) == sorted(f"{name}:{_port(config.metrics.listen)}" for name in GATEWAYS)
    (alertmanager,) = targets["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert alertmanager.split(":")[0] in SERVICES
    assert f"127.0.0.1:{_port(config.metrics.listen)}/readyz" in DOCKERFILE


def test_only_smtp_is_published_to_all_networks() -> None:
    config = _config()
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published["smtp"] == [f"25:{_port(config.smtp.listen[0])}"]
    assert {port.rpartition(":")[2] for port in published["sms"]} == {"2775", "8026"}
    lines = (DEPLOY / "compose" / "gateway.toml").read_text().partition("#[sms.smpp]")[2].partition("\n\n")[0]
    assert tomllib.loads(lines.replace("\n#", "\n"))["listen"] == ["0.0.0.0:2775"], "when uncommented"
    assert published["console"] == [f"127.0.0.1:8025:{_port(config.console.listen)}"]
    assert all(port.startswith("127.0.0.1:") for name, ports in published.items() if name != "smtp" for port in ports)
    for address in (*config.smtp.listen, config.console.listen, config.metrics.listen):
        assert address.startswith("0.0.0.0:"), "the loopback address of a container is unreachable from outside"


def test_containers_are_restricted() -> None:
    for service in GATEWAYS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "user" not in service
    final = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER [1-9]\d+$", final, re.MULTILINE), "not root"
    assert DOCKERFILE.count("\nFROM ") == 2


def test_the_build_context_matches_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for line in copies for name in line.split()} == allowed
    assert all((ROOT / name).exists() for name in allowed)
    command = re.search(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    assert command is not None
    assert parser().parse_args(tomllib.loads(f"c = {command[1]}")["c"]).command == "serve"


@pytest.mark.parametrize("name", ["chaperone.service", "chaperone@.service"])
def test_units_start_valid_commands_unprivileged(name: str) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd" / name)
    service = unit["Service"]
    for role in ROLES:
        words = shlex.split(service["ExecStart"].replace("%i", role))
        assert Path(words[0]).name == "chaperone"
        assert parser().parse_args(words[1:]).command == "serve"
    assert service["User"] == "chaperone"
    assert service["RestartPreventExitStatus"] == "2"
    assert int(service["TimeoutStopSec"]) > 30
