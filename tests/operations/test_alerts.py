"""The shipped alerts: their unit tests, their routes, and one firing in a real Prometheus."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from gateway.core.review.views import Backlog
from gateway.observability.events import EventLog
from gateway.observability.http import serve_monitoring
from tests.peers.prometheus import AMTOOL, Server, promtool, running_alertmanager, running_prometheus

SHIPPED = Path(__file__).parents[2] / "deploy" / "prometheus"

pytestmark = pytest.mark.peer("prometheus")


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((SHIPPED / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _routed(*labels: str) -> str:
    ran = subprocess.run(
        [AMTOOL, "config", "routes", "test", f"--config.file={SHIPPED / 'alertmanager.yml'}", *labels],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    return ran.stdout.strip()


def test_configuration_and_rules_are_valid() -> None:
    for arguments in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"]):
        ran = promtool(*arguments, cwd=SHIPPED)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_alert_unit_tests_pass() -> None:
    ran = promtool("test", "rules", "alerts_test.yml", cwd=SHIPPED)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tested_and_annotated() -> None:
    tests = (SHIPPED / "alerts_test.yml").read_text()
    for rule in _alerts():
        name = rule["alert"].removeprefix("Chaperone")
        assert name in tests or f"({name.removesuffix('Growing')}" in tests
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["labels"]["team"] in ("safety", "security", "operations")
        assert {"summary", "description", "runbook_url"} == set(rule["annotations"])


def test_dashboard_expressions_are_valid(tmp_path: Path) -> None:
    dashboard = json.loads((SHIPPED.parent / "grafana" / "chaperone.json").read_text())
    targets = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(targets) > 20
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(targets)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    ran = promtool("check", "rules", "panels.yml", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    places = [tuple(panel["gridPos"].values()) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=ChaperoneHelpAlert", "severity=critical", "team=safety"), "safety"),
        (("alertname=ChaperoneHeldTooLong", "severity=warning", "team=safety"), "safety"),
        (("alertname=ChaperoneAuditChainBroken", "severity=critical", "team=security"), "security"),
        (("alertname=ChaperoneNoVerdicts", "severity=critical", "team=operations"), "operations"),
    ],
)
def test_alerts_reach_their_team(labels: tuple[str, ...], receiver: str) -> None:
    assert _routed(*labels) == receiver


async def _until(server: Server, wanted: set[str], *, received: bool = False) -> list[dict[str, Any]]:
    """Wait for alerts; returns all alerts of the server."""
    async with asyncio.timeout(60):
        while True:
            found = await asyncio.to_thread(server.received if received else server.alerts)
            active = [alert for alert in found if received or alert["state"] == "firing"]
            if wanted <= {alert["labels"]["alertname"] for alert in active}:
                return active
            await asyncio.sleep(0.1)


async def test_a_help_alert_reaches_alertmanager(tmp_path: Path) -> None:
    event_log = EventLog(CollectorRegistry())
    event_log.ready(("smtp", "classify", "decide", "deliver"), {})
    folder = tmp_path / "prometheus"
    folder.mkdir()
    shutil.copy(SHIPPED / "alerts.yml", folder)
    (tmp_path / "alertmanager").mkdir()
    shutil.copy(SHIPPED / "alertmanager.yml", tmp_path / "alertmanager")
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    async with serve_monitoring("127.0.0.1:0", event_log.registry, {}) as (host, port):
        with running_alertmanager(tmp_path / "alertmanager" / "alertmanager.yml") as alertmanager:
            target = alertmanager.url.removeprefix("http://")
            config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [target]
            config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"{host}:{port}"]
            (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
            with running_prometheus(folder / "prometheus.yml") as prometheus:
                await _scraped(prometheus)
                assert not [alert for alert in await asyncio.to_thread(prometheus.alerts) if alert["state"] == "firing"]
                event_log.help_alerted("m1")
                event_log.backlog_measured(Backlog(held=1, oldest_held=5 * 3600))
                firing = await _until(prometheus, {"ChaperoneHelpAlert", "ChaperoneHeldTooLong"})
                assert {alert["labels"]["alertname"] for alert in firing} == {
                    "ChaperoneHelpAlert", "ChaperoneHeldTooLong",
                }  # fmt: skip
                received = await _until(alertmanager, {"ChaperoneHelpAlert", "ChaperoneHeldTooLong"}, received=True)
    assert {receiver["name"] for alert in received for receiver in alert["receivers"]} == {"safety"}
    assert all(alert["annotations"]["runbook_url"].startswith("docs/operate/runbook.md#") for alert in received)


async def _scraped(prometheus: Server) -> None:
    """Wait until the gateway was scraped twice, so that an increase is visible."""
    query = "/api/v1/query?query=count_over_time(chaperone_help_alerts_total[1m])"
    async with asyncio.timeout(60):
        while True:
            found = (await asyncio.to_thread(prometheus.get, query))["data"]["result"]
            if found and int(found[0]["value"][1]) >= 2:
                return
            await asyncio.sleep(0.1)
