"""Durations and sizes without a unit, too short, or in the wrong order."""

from __future__ import annotations

import tomllib

import pytest

from gateway.commands.checks.durations import check_retention, check_sizes, check_times, check_units

DAY = 86400.0


@pytest.mark.parametrize(
    ("written", "key"),
    [('store.retain_delivered = "30"', "store.retain_delivered"),
     ("store.retain_decided = 365", "store.retain_decided"),
     ('policy.verdict_timeout = "60"', "policy.verdict_timeout"), ('smtp.max_size = "36"', "smtp.max_size"),
     ('bus.retain = "24"', "bus.retain"), ("smtp.retry.first = 1", "smtp.retry.first"),
     ('store.retain_delivered = "30d"', ""), ('store.retain_delivered = "0"', ""), ("directory.max_removal = 0.2", ""),
     ("smtp.client_rate = 100", ""), ('smtp.max_size = "36MiB"', "")],
)  # fmt: skip
def test_values_without_a_unit(written: str, key: str) -> None:
    assert [line.what for line in check_units(tomllib.loads(written))] == ([key] if key else [])


@pytest.mark.parametrize(
    ("delivered", "decided", "metadata", "bus", "keys"),
    [(30 * DAY, 365 * DAY, 730 * DAY, DAY, []), (0, 365 * DAY, None, DAY, []),
     (30, 365 * DAY, None, DAY, ["store.retain_delivered"]),
     (30 * DAY, 10 * DAY, None, DAY, ["store.retain_decided"]), (0, 60, None, DAY, ["store.retain_decided"]),
     (0, 365 * DAY, 100 * DAY, DAY, ["store.retain_metadata"]), (0, 365 * DAY, None, 30, ["bus.retain"])],
)  # fmt: skip
def test_retention(delivered: float, decided: float, metadata: float | None, bus: float, keys: list[str]) -> None:
    lines = list(check_retention(delivered, decided, metadata, bus, 60))
    assert [line.what for line in lines] == keys
    assert all(line.level == "warn" for line in lines)


def test_times_and_sizes() -> None:
    assert not list(check_times(60, released=False))
    assert [line.what for line in check_times(1, released=True)] == [
        "policy.verdict_timeout", "policy.no_verdict.staff_to_student",
    ]  # fmt: skip
    assert len(list(check_times(7200, released=False))) == 1
    assert not list(check_sizes(36 << 20, 512 << 20, 10 << 30))
    assert [line.level for line in check_sizes(36 << 20, 64 << 20, 1 << 20)] == ["error", "warn"]
