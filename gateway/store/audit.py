"""The audit log: acts are written unchained with what they are about, and numbered and linked in batches afterwards.

Nobody waits for the chain: one chainer at a time, in whichever process, links what is committed.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam

from gateway.core.decision import Act
from gateway.store import schema
from gateway.store.forms import fit, json_text
from gateway.store.parts import Part
from gateway.store.statements import Run, Statement
from gateway.store.writer import Write

_a = schema.audit.c
_WRITE = Statement(
    lambda of: of.insert(schema.audit).values(
        {name: bindparam(name) for name in ("at", "actor", "act", "subject", "detail", "written_at")}
    )
)


def write(run: Run, acts: Sequence[Act]) -> None:
    """Write acts, unchained."""
    run.each(
        _WRITE,
        [
            {
                "at": act.at,
                "actor": fit(act.actor),
                "act": fit(act.act),
                "subject": fit(act.subject),
                "detail": json_text(dict(act.detail)),
                "written_at": run.now,
            }
            for act in acts
        ],
    )


def _record(run: Run, items: Sequence[Sequence[Act]]) -> list[None]:
    write(run, [act for acts in items for act in acts])
    return [None] * len(items)


_RECORD_WRITE = Write(_record)


class SqlAudit(Part):
    """The port Audit."""

    async def record(self, acts: Sequence[Act]) -> None:
        """See gateway.ports.Audit."""
        await self._writer.do(_RECORD_WRITE, acts)
