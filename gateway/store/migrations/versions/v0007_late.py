"""What was delivered before its verdict came is listed by an index of its own: nearly nothing is, of very much."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0009"
branch_labels = None
depends_on = None

_LATE = sa.text("marked = 1 AND action = 'hold' AND decided_by = 'policy' AND state IN ('queued', 'sent')")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_recipients_late", "recipients", ["action", "decided_at"], sqlite_where=_LATE, postgresql_where=_LATE
    )
