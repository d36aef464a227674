"""The event loop of the product."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import uvloop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], object]]:
    """The event loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}
