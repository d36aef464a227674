"""One gateway and one SMSC for the texts of this room: every test uses numbers and words of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.smpp_ends import smsc
from tests.texts.town import Town, town


@pytest.fixture(scope="session", name="town")
def _town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with smsc() as upstream, town(tmp_path_factory.mktemp("town"), upstream) as made:
        yield made


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test had the SMSC do ends with it."""
    yield
    if "town" in request.fixturenames:
        made: Town = request.getfixturevalue("town")
        made.smsc.status, made.smsc.form, made.smsc.on_taken = (lambda _: 0), str, (lambda _end, _name, _pdu: None)
