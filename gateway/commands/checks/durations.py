"""Durations and sizes that were probably meant otherwise, or do not fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from gateway.commands.checks.line import Line, error, warn
from gateway.settings.model import Settings
from gateway.settings.units import is_duration, is_size

_COPIES = 3  # of a content while it is received, as in gateway.relays.smtp.memory


def check_units(written: Mapping[str, object], model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Line]:
    """Durations and sizes that were written without a unit. `written` is the configuration as in its file."""
    for name, field in model.model_fields.items():
        key, value = f"{prefix}{field.alias or name}", written.get(field.alias or name)
        section = next((kind for kind in _models(field.annotation)), None)
        if section is not None and isinstance(value, Mapping):
            yield from check_units(value, section, f"{key}.")
        elif value is not None and re.fullmatch(r"\d+(\.\d+)?", str(value)) and float(str(value)) > 0:
            if is_duration(field.metadata):
                yield warn(key, f'"{value}" means {value} seconds; write the unit, such as "{value}s" or "{value}d"')
            elif is_size(field.metadata):
                yield warn(key, f'"{value}" means {value} bytes; write the unit, such as "{value}MiB"')


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    for kind in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind


def check_retention(
    delivered: float, decided: float, metadata: float | None, bus: float, timeout: float
) -> Iterator[Line]:
    """How long content is kept: each period by what it is for. All in seconds."""
    for key, value, least, why in (
        ("store.retain_delivered", delivered, 86400.0, "conversations would have no context; write days, such as 30d"),
        ("store.retain_decided", decided, 7 * 86400.0, "evidence would be gone before anybody asks; write e.g. 365d"),
        ("bus.retain", bus, 2 * timeout, "messages would be gone before they are classified; write e.g. 24h"),
    ):
        if 0 < value < least:
            yield warn(key, f"{_words(value)} is very short: {why}")
    if decided < delivered:
        yield warn(
            "store.retain_decided",
            f"{_words(decided)} is shorter than store.retain_delivered, {_words(delivered)}: "
            "what was held is needed longer; write a longer time",
        )
    if metadata is not None and metadata < max(decided, delivered):
        yield warn(
            "store.retain_metadata",
            f"{_words(metadata)} is shorter than content is kept; write at least {_words(max(decided, delivered))}",
        )


def check_times(timeout: float, released: bool) -> Iterator[Line]:
    """policy.verdict_timeout, and what happens after it. `released`: staff mail then reaches students unread."""
    if timeout < 5:
        yield warn("policy.verdict_timeout", f"{_words(timeout)} is shorter than a large mail takes; write e.g. 60s")
    elif timeout > 3600:
        yield warn("policy.verdict_timeout", f"{_words(timeout)} delays mail very long; write e.g. 60s")
    if released:
        yield warn(
            "policy.no_verdict.staff_to_student",
            '"release" delivers messages to students unread when the classifiers are down; write "hold"',
        )


def check_sizes(max_size: int, max_in_flight: int, max_waiting: int) -> Iterator[Line]:
    """The largest message must fit into memory and store, or it is refused again and again."""
    if max_in_flight < _COPIES * max_size:
        yield error(
            "smtp.max_in_flight",
            f"a message of smtp.max_size needs {_COPIES} times its size and would never be accepted; "
            f"write at least {_COPIES * max_size >> 20}MiB, or lower smtp.max_size",
        )
    if max_waiting < 10 * max_size:
        yield warn("store.max_waiting", "a few large messages fill the store; write a larger size, such as 10GiB")


def _words(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
