"""Gauges of what waits: stages measure it in the store, or beside it, and set it here."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from gateway.core.review.views import Backlog


class Measurements:
    """The gauges of the backlog, of calls for help, and of the roster's age."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"chaperone_{name}", text, labels, registry=registry)

        self._held = gauge("held_messages", "Messages with a held recipient")
        self._flagged = gauge("flagged_open", "Flagged messages that nobody has looked at")
        self._oldest = gauge("oldest_held_seconds", "Age of the oldest held message")
        self._stuck = gauge("stuck_items", "Work items that failed too often and wait for an operator", "stage")
        self._overdue = gauge("overdue_recipients", "Recipients due for over a minute that no process delivers")
        self._oldest_overdue = gauge("oldest_overdue_seconds", "How long the oldest of them is due")
        self._deferred = gauge("deferred_recipients", "Recipients waiting for another attempt")
        self._unpublished = gauge("unpublished_messages", "Accepted messages that the bus has not confirmed")
        self._unanswered = gauge("unanswered_messages", "Accepted messages without a verdict")
        self._calls = gauge("help_unacknowledged", "Calls for help that nobody has taken up")
        self._oldest_call = gauge("oldest_help_seconds", "How long the oldest of them has waited")
        self._roster_age = gauge("roster_age_seconds", "Time since the files of the roster in use were last changed")

    def backlog_measured(self, backlog: Backlog) -> None:
        """The backlog of the store was measured."""
        self._held.set(backlog.held)
        self._flagged.set(backlog.flagged)
        self._oldest.set(backlog.oldest_held)
        self._deferred.set(backlog.deferred)
        self._overdue.set(backlog.overdue)
        self._oldest_overdue.set(backlog.oldest_overdue)
        self._unpublished.set(backlog.unpublished)
        self._unanswered.set(backlog.unanswered)

    def stuck_measured(self, items: Mapping[str, int]) -> None:
        """The stuck work items of each stage were counted."""
        for stage, count in items.items():
            self._stuck.labels(stage).set(count)

    def help_measured(self, waiting: int, oldest: float) -> None:
        """The calls for help that nobody has taken up were counted. `oldest` is in seconds."""
        self._calls.set(waiting)
        self._oldest_call.set(oldest)

    def roster_aged(self, seconds: float) -> None:
        """The age of the roster in use."""
        self._roster_age.set(max(seconds, 0.0))
