"""Mails with attached files for the tests of extraction."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from email.policy import SMTP

from pypdf import PdfWriter

from classifiers.extract.extraction import extract_message
from classifiers.extract.quoting import PassageKind

DOCX = (
    '<w:document xmlns:w="x"><w:body><w:p><w:r><w:t>Our sec</w:t></w:r><w:r><w:t>ret &amp; more</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>next</w:t></w:r></w:p></w:body></w:document>"
)


def mail(text: str = "Hello", **files: tuple[str, bytes]) -> bytes:
    """A mail with attached files; `_` in their names stands for a dot."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "About the quiz"
    message.set_content(text)
    for name, (media_type, data) in files.items():
        main, _, sub = media_type.partition("/")
        message.add_attachment(data, main, sub, filename=name.replace("_", "."))
    return message.as_bytes()


def zipped(**entries: str | bytes) -> bytes:
    """A ZIP archive; in names `__` stands for a slash, `_` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def pdf(password: str = "") -> bytes:
    """A PDF of one page, encrypted if there is a password."""
    text = b"BT /F1 12 Tf 50 700 Td (Meet me alone) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table)
    if not password:
        return out.getvalue()
    writer = PdfWriter(clone_from=io.BytesIO(out.getvalue()))
    writer.encrypt(password, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def attached(content: bytes) -> str:
    """The text of the attached files of a mail."""
    return "\n".join(
        passage.text for passage in extract_message(content).passages if passage.kind is PassageKind.ATTACHED
    )


def locked_zip() -> bytes:
    """A ZIP archive whose entry is marked as encrypted."""
    data = bytearray(zipped(note_txt="x"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)
