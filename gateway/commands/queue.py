"""`chaperone queue`: what waits to leave and why, and retries and expiry by hand."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from rich.table import Column, Table
from rich.text import Text

from gateway.assembly.factories import mail_next_hops, open_store
from gateway.commands.context import actor, load_settings, local_time
from gateway.commands.tables import print_table
from gateway.core.channels.capabilities import MAIL
from gateway.core.fault import Fault, Refusal
from gateway.core.messages.delivery import NextHop
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.wire import rfc3339
from gateway.ports.store import Store
from gateway.ports.work import WaitingItem
from gateway.settings.model import Settings
from gateway.stages.expiry import expire_message

_PAGE = 1000
_NAMED = 10
SHOWN = 500
"""Rows of the table; `--json` prints them all."""


def run(options: Namespace) -> int:
    """List, show, retry or expire what is queued."""
    return asyncio.run(_run(load_settings(options), options))


async def _run(settings: Settings, options: Namespace) -> int:
    queue = _Queue(settings, options)
    async with open_store(settings) as store:
        match options.action:
            case "list":
                await queue.print(queue.selected(store))
            case "show":
                await queue.print(queue.of_message(store, options.id))
            case "retry":
                await queue.change(store, "retried", _retry)
            case "expire":
                await queue.change(store, "expired", _expire)
            case action:
                raise AssertionError(action)
    return 0


class _Queue:
    """The rows that a call names, and how they are printed."""

    def __init__(self, settings: Settings, options: Namespace) -> None:
        self._options, self._zone = options, settings.district.time_zone
        self._hops = mail_next_hops(settings.smtp, settings.district.aliases)
        self._hop = _hop_named(options.next_hop, self._hops, settings) if options.next_hop else None

    def next_hop(self, row: WaitingItem) -> str | None:
        """The name of the next hop of a row; None if it has none."""
        if row.channel != MAIL:
            return row.key or row.channel or None
        return next((hop.target for hop in self._hops if hop.serves(row.key)), None)

    async def selected(self, store: Store) -> AsyncIterator[WaitingItem]:
        """The rows of the id, the next hop, and whether only stuck ones, that the options name."""
        id_, hop = self._options.id, self._hop
        listed: set[tuple[str, int]] = set()
        place = ("", "")
        while page := await store.queue.stuck_rows(place, _PAGE, id=id_ or ""):
            for _, row in page:
                if (hop is None or _is_behind(hop, row)) and (row.id, row.position) not in listed:
                    if row.recipient:
                        listed.add((row.id, row.position))
                    yield row
            if id_:
                break
            place = page[-1][0]
        if self._options.stuck:
            return
        if id_:
            for row in await store.queue.rows_of(id_):
                if row.state == "queued" and not row.stuck and (hop is None or _is_behind(hop, row)):
                    yield row
            return
        after = ""
        while page_ := await store.queue.rows(after, _PAGE, hop=hop):
            for row in page_:
                if (row.id, row.position) not in listed:
                    yield row
            after = page_[-1].id

    async def of_message(self, store: Store, id_: str) -> AsyncIterator[WaitingItem]:
        """All recipients of a message in any state, and its stuck items. Raises Refusal if there is nothing."""
        stuck = [row for _, row in await store.queue.stuck_rows(("", ""), _PAGE, id=id_)]
        places = {row.position for row in stuck if row.recipient}
        rows = [*stuck, *(row for row in await store.queue.rows_of(id_) if row.position not in places)]
        if not rows:
            raise Refusal(f"queue show: no message {id_}; `chaperone queue list` shows the ids")
        for row in sorted(rows, key=lambda row: row.position):
            yield row

    async def change(self, store: Store, done: str, act: Callable[..., object]) -> None:
        """Change the rows that the options name, and print what was changed."""
        options, action = self._options, self._options.action
        if not (options.id or options.stuck or self._hop):
            raise Fault(f"queue {action}: name an ID, --stuck or --next-hop NAME")
        ids = list(dict.fromkeys([row.id async for row in self.selected(store)]))
        changed: list[str] = []
        refused: list[str] = []
        for at in range(0, len(ids), _PAGE):
            some, others = await act(store, ids[at : at + _PAGE])  # type: ignore[misc]
            changed += some
            refused += others
        if options.json:
            rows = [row for id_ in changed for row in await store.queue.rows_of(id_)]
            print(json.dumps([self._json_row(row) for row in rows], ensure_ascii=False))
        for line in refused:
            print(f"queue {action}: {line}", file=sys.stderr)
        if not changed and options.id:
            raise Refusal(
                f"queue {action}: nothing of {options.id} was {done}; `chaperone queue show` says what it waits for"
            )
        if not options.json:
            print(
                f"{done} {', '.join(changed) if len(changed) <= 10 else f'{len(changed)} messages'}"
                if changed
                else f"nothing to {action}"
            )

    async def print(self, rows: AsyncIterator[WaitingItem]) -> None:
        """Print rows as a table, or all of them as JSON, row by row."""
        if self._options.json:
            separator = "["
            async for row in rows:
                print(separator + json.dumps(self._json_row(row), ensure_ascii=False), end="")
                separator = ", "
            print("[]" if separator == "[" else "]")
            return
        id_ = Column("id", no_wrap=True, min_width=26)  # `queue retry` needs the whole id
        table = Table(id_, "to", "state", "attempts", "next attempt", "next hop", "last error", box=None)
        async for row in rows:
            if table.row_count == SHOWN:
                table.caption = f"Only the first {SHOWN} rows are shown; use --json, --stuck or --next-hop."
                break
            state = Text(f"{row.state}, stuck", "red") if row.stuck else Text(row.state)
            table.add_row(
                row.id, Text(row.recipient), state, str(row.attempts), local_time(row.next_attempt_at, self._zone),
                Text(self.next_hop(row) or "-"), Text(row.last_error),
            )  # fmt: skip
        print_table(table, empty="Nothing is queued.")

    def _json_row(self, row: WaitingItem) -> Mapping[str, object]:
        return {
            "id": row.id,
            "recipient": row.recipient,
            "state": row.state,
            "attempts": row.attempts,
            "next_attempt_at": None if row.next_attempt_at is None else rfc3339(row.next_attempt_at),
            "last_error": row.last_error,
            "next_hop": self.next_hop(row),
            "stuck": row.stuck,
        }


async def _retry(store: Store, ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    now = await store.clock.now()
    changes = await store.queue.retry(ids, {id_: AuditEntry(now, actor(), "retried", id_) for id_ in ids})
    return changes.changed, [f"{id_} is being delivered right now" for id_ in changes.busy]


async def _expire(store: Store, ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    expired, refused = [], []
    for id_ in ids:
        addresses = await expire_message(store.queue, store.delivery_queue, store.work_failures, id_, actor())
        if addresses:
            expired.append(id_)
        elif addresses is None:
            refused.append(f"{id_} cannot be read, so no bounce can be written")
        else:
            refused.append(f"{id_} is being delivered right now, or nothing of it waits to leave")
    return expired, refused


def _is_behind(hop: NextHop, row: WaitingItem) -> bool:
    return row.channel == hop.channel and hop.serves(row.key)


def _hop_named(name: str, hops: Sequence[NextHop], settings: Settings) -> NextHop:
    """The next hop of mail with a name: a key of [smtp.next_hop], or an address there. Raises Fault."""
    wanted = name.lower()
    keys = [key for key, hop in settings.smtp.next_hop.items() if wanted == key.lower() or wanted in hop.address]
    for key in keys:
        for hop in hops:
            if hop.target == key or (hop.serves(key) if key != "*" else hop.default):
                return hop
    raise Fault(f"--next-hop: no next hop {name!r}; [smtp.next_hop] has {', '.join(settings.smtp.next_hop)}")
