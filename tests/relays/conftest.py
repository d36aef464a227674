"""One gateway and one SMSC for the tests of the SMS relays. Every test uses its own numbers and words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.smpp_ends import smsc
from tests.relays.sms_gateway import SmsGateway, run_sms_gateway


@pytest.fixture(scope="session", name="sms")
def _sms_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmsGateway]:
    with smsc() as upstream, run_sms_gateway(tmp_path_factory.mktemp("sms"), upstream) as running:
        yield running


@pytest.fixture(autouse=True)
def _reset_smsc(request: pytest.FixtureRequest) -> Iterator[None]:
    """Undo what a test scripted the SMSC to do."""
    yield
    if "sms" in request.fixturenames:
        smsc_of_test = request.getfixturevalue("sms").smsc
        smsc_of_test.status, smsc_of_test.form, smsc_of_test.on_accepted = (lambda _: 0), str, (lambda *_: None)
        smsc_of_test.answer_late()
