"""The names of metrics that other programs rely on are all served, with their labels."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway.observability.events import EventLog

NAMES = {
    "messages_total": ("channel", "direction"), "decisions_total": ("action", "channel"), "findings_total": ("clause",),
    "held_messages": (), "oldest_held_seconds": (), "decision_seconds": (), "classify_seconds": (),
    "delivery_seconds": (), "deliveries_total": ("channel", "outcome"), "deferred_recipients": (),
    "unpublished_messages": (), "unanswered_messages": (), "bus_lag": ("topic", "group"),
    "consumer_progress_timestamp_seconds": ("group",), "dead_letters_total": (), "help_alerts_total": (),
    "canary_failures_total": (), "login_failures_total": (), "audit_chain_valid": (), "model_info": ("version",),
    "policy_info": ("hash",), "smtp_sessions": (), "smtp_refusals_total": ("reason", "hop"), "stuck_items": ("stage",),
    "work_failures_total": ("stage",), "overdue_recipients": (), "oldest_overdue_seconds": (), "store_up": (),
    "bus_up": (), "next_hop_up": ("hop",), "undecided_total": ("reason",), "mode_info": ("mode",),
    "help_unacknowledged": (), "oldest_help_seconds": (), "urgent_notices_total": ("clause",), "flagged_open": (),
    "roster_age_seconds": (), "build_info": ("version",),
}  # fmt: skip
"""Dashboards and alerts of districts use these names."""


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_every_metric_has_its_name_and_labels(registry: CollectorRegistry) -> None:
    EventLog(registry)
    text = generate_latest(registry).decode()
    for name, labels in NAMES.items():
        family = name.removesuffix("_total")
        assert f"# HELP chaperone_{name} " in text, name
        metric = registry._names_to_collectors[f"chaperone_{family}"]
        assert getattr(metric, "_labelnames", ()) == labels, name


def test_measured_values_are_served(registry: CollectorRegistry) -> None:
    log = EventLog(registry)
    log.help_measured(3, 90.0)
    log.roster_aged(3600.0)
    log.ready(["decide"], {})
    log.decided("id", "mail", "hold", 2, [], ["no_verdict"], 1.0, "policy")
    value = registry.get_sample_value
    assert (value("chaperone_help_unacknowledged"), value("chaperone_oldest_help_seconds")) == (3, 90)
    assert value("chaperone_roster_age_seconds") == 3600
    assert value("chaperone_undecided_total", {"reason": "no_verdict"}) == 2
    assert "chaperone_build_info{version=" in generate_latest(registry).decode()
