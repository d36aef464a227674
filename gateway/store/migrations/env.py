"""Runs a migration on the connection, and in the transaction, that `upgrade` passes."""

from __future__ import annotations

from alembic import context

from gateway.store.schema.messages import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
