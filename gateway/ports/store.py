"""The whole store, from the ports of its features."""

from __future__ import annotations

from typing import Protocol

from gateway.core.messages.message import EarlierMessage as EarlierMessage
from gateway.core.messages.message import OutgoingMessage as OutgoingMessage
from gateway.ports.audit import AuditStore
from gateway.ports.maintenance import RetentionStore
from gateway.ports.messages import DeliveryQueueStore, DispositionStore, FollowupStore, IntakeStore, OutboxStore
from gateway.ports.review import LookupStore


class Store(
    IntakeStore,
    OutboxStore,
    DispositionStore,
    DeliveryQueueStore,
    FollowupStore,
    LookupStore,
    AuditStore,
    RetentionStore,
    Protocol,
):
    """The truth. Everything here is durable when it returns and raises StoreDown when it cannot be."""
