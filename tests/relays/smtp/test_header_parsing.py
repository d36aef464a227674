"""The header section of a message is split into fields once on its way into the store.

The excerpt is read in another process, which is left out here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.core.mime import account, entities, header_variants, headers
from tests.relays.smtp.harness import AVERY, TEACHER, VENDOR, mail_content, running_relay


@pytest.mark.parametrize(
    ("sender", "recipient"), [(TEACHER, AVERY), ("x@elsewhere.example", VENDOR)], ids=["in scope", "passed through"]
)
async def test_header_section_is_split_once(sender: str, recipient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    split: list[bytes] = []

    class ReadElsewhere:
        async def excerpt(self, channel: str, content: bytes) -> str:
            return ""

        async def signed_names(self, channel: str, content: bytes) -> tuple[str, ...]:
            return ()

    def counting(section: bytes) -> Iterator[tuple[str, bytes]]:
        split.append(section)
        return original(section)

    original = headers.split_fields
    for module in (headers, entities, header_variants, account):
        monkeypatch.setattr(module, "split_fields", counting)
    async with running_relay(reader=ReadElsewhere()) as relay:
        client = await relay.client()
        assert (await client.mail(sender, [recipient], mail_content()))[-1].startswith("250")
    assert len(split) == 1
