"""What SIGHUP reloads: policy, certificates, next hops and the directory. Each is reloaded, or kept with a reason.

The configuration is read again. A part that cannot use its new settings keeps the old ones, and so does every setting
that only a restart can change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from gateway.assembly.certificates import Certificates
from gateway.core.fault import Fault
from gateway.observability.events import EventLog
from gateway.ports.messages import StoreDown
from gateway.settings.model import Settings

RELOADED = (
    "policy.file", "policy.text", "policy.no_verdict", "smtp.next_hop", "smtp.tls_cert", "smtp.tls_key",
    "sms.smpp.tls_cert", "sms.smpp.tls_key",
)  # fmt: skip
"""The settings that a running process takes over. Every other one needs a restart."""

Act = Callable[[Settings], Awaitable[int]]
"""Takes new settings over and returns how many things changed. Raises Fault to keep the old ones."""


class Reloads:
    """The parts of a process that can be reloaded, in the order in which they were added."""

    def __init__(self, settings: Settings, event_log: EventLog) -> None:
        self._started_with, self._event_log = settings, event_log
        self._parts: list[tuple[str, Act]] = []
        self._running = asyncio.Lock()

    def add(self, what: str, act: Act) -> None:
        """Reload one more part."""
        self._parts.append((what, act))

    def add_certificates(
        self, certificates: Certificates | None, key: str, files: Callable[[Settings], tuple[Any, Any]]
    ) -> None:
        """Reload the certificates of a listener; `files` are certificate and key in new settings."""

        async def act(settings: Settings) -> int:
            cert, private_key = files(settings)
            if certificates is None or cert is None or private_key is None:
                if (certificates is None) == (cert is None):
                    return 0
                raise Fault(f"{key}: TLS is switched on and off by a restart; restart the gateway")
            return int(await asyncio.to_thread(certificates.reload, cert, private_key))

        self.add(key, act)

    async def reload(self, read: Callable[[], Settings]) -> None:
        """Reload every part with the settings that `read` returns. Never raises for what is wrong with them."""
        async with self._running:
            try:
                settings = await asyncio.to_thread(read)
            except Fault as fault:
                self._event_log.kept("configuration", str(fault))
                return
            for what, act in self._parts:
                await self._reload_part(what, act, settings)
            for key in changed_keys(self._started_with, settings):
                if not key.startswith(RELOADED):
                    self._event_log.kept(key, "a changed value needs a restart; restart the gateway")

    async def _reload_part(self, what: str, act: Act, settings: Settings) -> None:
        try:
            changed = await act(settings)
        except Fault as fault:
            self._event_log.kept(what, str(fault))
        except StoreDown:
            self._event_log.kept(what, "the store does not answer; send SIGHUP again when it does")
        except Exception as error:  # noqa: BLE001 - the edge: a part that fails must not end the process
            self._event_log.unexpected_failure("reload", error)
            self._event_log.kept(what, "it could not be reloaded; restart the gateway")
        else:
            self._event_log.reloaded(what, changed)


def changed_keys(old: Settings, new: Settings) -> Iterator[str]:
    """The dotted keys whose values differ."""
    yield from _differences(old.model_dump(mode="json", by_alias=True), new.model_dump(mode="json", by_alias=True), "")


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict) and f"{prefix}{name}" not in RELOADED:
            yield from _differences(before, after, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
