"""The text of attached files on the page of a message. No file can stop the console."""

from __future__ import annotations

import asyncio
import io
import sys
import time
import zipfile

import pytest

from gateway.console.messages.attachments import NOT_OPENED, AttachmentReader, FileText
from gateway.core.message import parts
from tests.console.district import HIGH, SampleMessage, build_content, staff_address, student_address
from tests.console.running_console import RunningConsole

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def zip_file(**entries: bytes) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def pdf(words: bytes) -> bytes:
    """A PDF of one page."""
    text = b"BT /F1 12 Tf 50 700 Td (%s) Tj ET" % words
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )  # fmt: skip
    out = b"%PDF-1.4\n"
    table = b"0000000000 65535 f \n"
    for number, body in enumerate(objects, start=1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return out + b"xref\n0 6\n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(out)


DOCX = zip_file(word__document_xml=b"<w:p><w:t>come &lt;alone&gt; at ten</w:t></w:p>")
XLSX = zip_file(xl__sharedStrings_xml=b"<si><t>Maya Lindqvist</t></si><si><t>locker 214</t></si>")
BOMB = zip_file(word__document_xml=b"<w:p>" + b" " * (40 << 20))
HOSTILE = (
    ("bomb.docx", WORD, BOMB), ("broken.pdf", "application/pdf", b"%PDF-1.7\n" + b"<<" * 20_000),
    ("nothing.xlsx", SHEET, b"PK\x03\x04" + b"\xff" * 500),
    ("what.bin", "application/octet-stream", bytes(range(256)) * 4),
)  # fmt: skip


def message_with(*files: tuple[str, str, bytes]) -> SampleMessage:
    """A held message with files."""
    return SampleMessage(
        staff_address("peter.lindgren"), (student_address("maya.lindqvist"),), "Papers", "See the files.\n",
        (("7a", 0.9, "See the files"),), files=files,
    )  # fmt: skip


async def test_documents_are_shown_as_text(console: RunningConsole) -> None:
    said = message_with(("a.pdf", "application/pdf", pdf(b"meet me at the lake")), ("b.docx", WORD, DOCX),
                    ("c.xlsx", SHEET, XLSX))  # fmt: skip
    id_ = (await console.add_message(said)).id
    async with console.signed_in(HIGH) as browser, console.api_client(HIGH) as program:
        page = (await browser.get(f"/messages/{id_}")).text
        for words in ("meet me at the lake", "come &lt;alone&gt; at ten", "locker 214"):
            assert words in page
        told = (await program.get(f"/api/v1/messages/{id_}/content")).json()["parts"]
        assert [item["text"].strip() for item in told[1:3]] == ["meet me at the lake", "come <alone> at ten"]


async def test_hostile_files_are_marked_and_do_no_harm(console: RunningConsole) -> None:
    id_ = (await console.add_message(message_with(*HOSTILE, ("good.docx", WORD, DOCX)))).id
    async with console.signed_in(HIGH) as browser:
        page = await browser.get(f"/messages/{id_}")
        assert page.status_code == 200
        assert page.text.count("Not all of it can be shown") >= len(HOSTILE)
        assert "come &lt;alone&gt;" in page.text


def command(script: str) -> tuple[str, ...]:
    """The command of a program for a test."""
    return (sys.executable, "-c", f"import sys, time, os; {script}")


CONTENT = build_content(
    message_with(("a.docx", WORD, DOCX), ("big.bin", "application/octet-stream", b"\x01" * (3 << 20)))
)


@pytest.mark.parametrize(
    "script",
    ["time.sleep(600)", "sys.stdin.buffer.read(); time.sleep(600)", "os._exit(1)", "os.kill(os.getpid(), 11)",
     "print('{')", "print('[1]')", "print('{\"2\": 7}')", "[os.write(1, bytes(1 << 16)) for _ in iter(int, 1)]"],
)  # fmt: skip
async def test_failing_program_gives_no_text(script: str) -> None:
    files = AttachmentReader(command(script), timeout=1.0)
    async with asyncio.timeout(60):
        found = await files.texts(parts(CONTENT))
    assert found == {"2": NOT_OPENED, "3": NOT_OPENED}


async def test_program_gets_no_gateway_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPERONE_SECRET", "clover")
    files = AttachmentReader(
        command("import json; print(json.dumps({'2': [str('CHAPERONE_SECRET' in os.environ), []]}))")
    )
    assert (await files.texts(parts(CONTENT)))["2"] == FileText("False")


async def test_no_process_for_files_without_text() -> None:
    content = build_content(message_with(("p.png", "image/png", b"\x89PNG\r\n"), ("t.txt", "text/plain", b"hello")))
    assert await AttachmentReader(("/does/not/exist",)).texts(parts(content)) == {}


async def test_processes_are_limited() -> None:
    files = AttachmentReader(command('sys.stdin.buffer.read(); time.sleep(0.3); print(\'{"2": ["x", []]}\')'))
    read = parts(CONTENT)
    began = time.monotonic()
    found = await asyncio.gather(*(files.texts(read) for _ in range(6)))
    assert all(item["2"] == FileText("x") for item in found)
    assert time.monotonic() - began >= 0.9  # two at a time
