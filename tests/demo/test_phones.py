"""The simulated phones and texting application."""

from __future__ import annotations

from pathlib import Path

import httpx

from gateway.demo.folder import free_ports
from gateway.demo.mailboxes import DeliveredCopy
from gateway.demo.phones import SampleText, SimulatedPhones, serve_phones


async def test_texts_are_delivered_to_phones_and_application(tmp_path: Path) -> None:
    phones, copies = SimulatedPhones(tmp_path, "token"), list[DeliveredCopy]()
    phones.on_delivery = copies.append
    port = free_ports({"phones": 0})["phones"]
    async with serve_phones(phones, port) as address, httpx.AsyncClient(trust_env=False) as client:
        ids: list[str] = []
        text = SampleText("+15155550161", "+15155550190", "Forms are due", "note", ("passed",), False)
        # as if passed through: the provider is called while the application waits
        await phones.send(text, address, ids.append)
        assert [(copy.recipient, copy.subject, copy.message_id) for copy in copies] == [
            ("+15155550190", "Forms are due", ids[-1])
        ]
        assert copies[0].path.read_text() == "Forms are due\n"
        answer = await client.post(f"http://{address}/app", data={"From": "1", "To": "2", "Body": "unannounced"})
        assert answer.text == "<Response/>"
        assert len(copies) == 1, "an unannounced text is written, but not reported"
        assert len(list(tmp_path.glob("*/*.txt"))) == 2
