"""The mails of the benchmark: ordinary school mail of realistic sizes, the same in every run.

240 mails: 58 % plain text, 29 % with HTML, 13 % with an attachment of 50 to 200 kB; mean size 21 kB. The texts are
clean rows of the classifiers' corpus, and only mails that the policy delivers are used.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from itertools import cycle
from pathlib import Path

from PIL import Image

import gateway.demo
from classifiers.training.examples.labeled import corpus_files

DISTRICT = Path(gateway.demo.__file__).parent / "district"
STAFF, STUDENT = "staff", "student"
NUMBER = b"000000000000"
"""The place in every Message-ID where the source writes the message number."""
MARK = b"<bench."
"""The text before the number."""
_KINDS = {"plain": 139, "html": 70, "attachment": 31}
_SIZES = (60_000, 120_000, 150_000, 170_000, 190_000, 200_000)
_STYLES = (
    "Normal",
    "Plain",
    "Header",
    "Footer",
    *(f"Toc{level}" for level in range(1, 10)),
    "Title",
    "Caption",
    "List",
)
_OUTSIDE = "prairiemail.example"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the benchmark: its author (staff or student), kind, envelope and content."""

    author: str
    kind: str
    sender: str
    recipient: str
    content: bytes


def in_scope() -> list[Mail]:
    """Mails between staff and students of the demo's district that the policy delivers."""
    rng = random.Random(401)
    rows = _clean_rows(rng)
    staff, students = _addresses()
    needed, sizes = Counter(_KINDS), cycle(_SIZES)
    mails: list[Mail] = []
    while needed.total():
        tried = []
        for kind, row in zip(needed.elements(), rows, strict=False):
            teacher, student = rng.choice(staff), rng.choice(students)
            sender, recipient = (teacher, student) if row["from"] == STAFF else (student, teacher)
            content = _written(kind, row, sender, recipient, rng, sizes)
            tried.append(Mail(row["from"], kind, sender[1], recipient[1], content))
        if not tried:
            raise RuntimeError("the corpus has too few clean mails")
        taken = _delivered(tried)
        needed -= Counter(mail.kind for mail in taken)
        mails += taken
    rng.shuffle(mails)
    return mails


def out_of_scope(mails: Sequence[Mail]) -> list[Mail]:
    """The same mails between staff and people outside the district."""
    changed = []
    for number, mail in enumerate(mails):
        member, stranger = (mail.sender, mail.recipient)[:: 1 if mail.author == STAFF else -1]
        outsider = f"parent{number}@{_OUTSIDE}"
        named = re.compile(rb"^(From|To): .*<%b>" % re.escape(stranger.encode()), re.MULTILINE)
        content = named.sub(rb"\1: Parent %d <%b>" % (number, outsider.encode()), mail.content)
        sender, recipient = (member, outsider) if mail.author == STAFF else (outsider, member)
        changed.append(Mail(mail.author, mail.kind, sender, recipient, content))
    return changed


def described(mails: Sequence[Mail]) -> str:
    """The mails in one line."""
    kinds = {kind: sum(mail.kind == kind for mail in mails) for kind in ("plain", "html", "attachment")}
    mean = sum(len(mail.content) for mail in mails) / len(mails)
    shares = ", ".join(f"{count / len(mails):.0%} {kind}" for kind, count in kinds.items())
    return f"{len(mails)} mails: {shares}; mean {mean / 1000:.1f} kB"


def _clean_rows(rng: random.Random) -> Iterator[dict[str, str]]:
    rows = []
    for file in corpus_files():
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["channel"] == "mail" and not (row["labels"] or row["hold"] or row["help_seeking"]):
                rows.append(row)
    rng.shuffle(rows)
    return iter(rows)


def _addresses() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Names and addresses of staff and students, except staff with children in the district."""
    with (DISTRICT / "oneroster" / "users.csv").open(encoding="utf-8", newline="") as file:
        users = [row for row in csv.DictReader(file) if row["email"]]
    parents = {agent for user in users for agent in user["agentSourcedIds"].split(",")}
    staff, students = [], []
    for user in users:
        person = (f"{user['givenName']} {user['familyName']}", user["email"])
        if user["role"] == "student":
            students.append(person)
        elif user["role"] in ("teacher", "administrator", "aide") and user["sourcedId"] not in parents:
            staff.append(person)
    return staff, students


def _delivered(mails: Sequence[Mail]) -> list[Mail]:
    """The mails that the shipped classifiers and policy deliver: pictures may be flagged."""
    from classifiers.pipeline.classifier import load
    from classifiers.pipeline.explain import message_from_mail, rows
    from gateway import policies
    from gateway.core.messages.parties import Direction
    from gateway.core.policy.decision import Action

    directions = {STAFF: Direction.STAFF_TO_STUDENT, STUDENT: Direction.STUDENT_TO_STAFF}
    cases = [message_from_mail(mail.content, directions[mail.author]) for mail in mails]
    policy = policies.read(None, dict.fromkeys(Direction, Action.HOLD))
    answers = rows(load(), cases, policy)
    return [
        mail for mail, answer in zip(mails, answers, strict=True) if answer["action"] in (Action.RELEASE, Action.FLAG)
    ]


def _written(
    kind: str, row: dict[str, str], sender: tuple[str, str], recipient: tuple[str, str], rng: random.Random,
    sizes: Iterator[int],
) -> bytes:  # fmt: skip
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{sender[0]} <{sender[1]}>"
    message["To"] = f"{recipient[0]} <{recipient[1]}>"
    message["Subject"] = " ".join(row.get("subject", "").split())
    message["Date"] = "Tue, 24 Nov 2026 09:30:00 -0600"
    message["Message-ID"] = f"{MARK.decode()}{NUMBER.decode()}@riverbend.example>"
    message.set_content(row["text"])
    if kind != "plain" and rng.random() < (1.0 if kind == "html" else 0.7):
        message.add_alternative(_html(row["text"]), subtype="html")
    if kind == "attachment":
        picture = _noise_picture(rng, next(sizes) * 3 // 4 - 2000)  # base64 adds a third
        media, name, data = rng.choice((_photo, _document, _paper))(row["text"], picture)
        main, _, sub = media.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def _html(text: str) -> str:
    """A text as HTML, as a common mail program writes it."""
    style = "font-family: Aptos, Calibri, Helvetica, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"
    lines = (line.replace("&", "&amp;").replace("<", "&lt;") for line in text.splitlines())
    blocks = "\n".join(f'<div class="elementToProof" style="{style}">{line or "<br>"}</div>' for line in lines)
    sheet = "\n".join(f"p.Mso{name}, li.Mso{name}, div.Mso{name} {{margin:0in; {style}}}" for name in _STYLES)
    return f'<html><head>\n<style>\n{sheet}\n</style></head>\n<body dir="ltr">\n{blocks}\n</body></html>\n'


def _noise_picture(rng: random.Random, size: int) -> bytes:
    """A JPEG of gray noise with about this size in bytes."""
    width = max(int((size / 0.68) ** 0.5), 16)
    picture = io.BytesIO()
    Image.frombytes("L", (width, width), rng.randbytes(width * width)).save(picture, "JPEG", quality=85)
    return picture.getvalue()


def _photo(text: str, picture: bytes) -> tuple[str, str, bytes]:
    return "image/jpeg", "IMG_2231.jpg", picture


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _document(text: str, picture: bytes) -> tuple[str, str, bytes]:
    """A Word document with the text and a picture."""
    words = "".join(f"<w:p><w:r><w:t>{_plain(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="jpeg" ContentType="image/jpeg"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_DOCX}.main+xml"/></Types>'
    )
    files = {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": _relationship("officeDocument", "word/document.xml"),
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{words}</w:body></w:document>'.encode(),
        "word/_rels/document.xml.rels": _relationship("image", "media/image1.jpeg"),
        "word/media/image1.jpeg": picture,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 9, 30, 0)), data)
    return _DOCX, "worksheet.docx", out.getvalue()


def _relationship(kind: str, target: str) -> bytes:
    one = f'<Relationship Id="r1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{one}</Relationships>'.encode()


def _paper(text: str, picture: bytes) -> tuple[str, str, bytes]:
    """A PDF with one page and a picture."""
    lines = "\n".join(f"({_plain(line)}) Tj T*" for line in text.encode("ascii", "ignore").decode().splitlines())
    width = Image.open(io.BytesIO(picture)).width
    drawn = "q 200 0 0 200 60 60 cm /I Do Q"
    page = zlib.compress(f"BT /F1 11 Tf 14 TL 60 740 Td\n{lines}\nET\n{drawn}".encode())
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>/XObject<</I 6 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode"
        b"/Length %d>>stream\n%b\nendstream" % (width, width, len(picture), picture),
    )
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"xref\n0 7\n0000000000 65535 f \n%btrailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(out),
    )
    return "application/pdf", "handout.pdf", bytes(out)


def _plain(line: str) -> str:
    return "".join(char if char not in "<>&()\\" else " " for char in line)
