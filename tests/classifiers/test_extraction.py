"""What is read of a message, and what is said of what cannot be read."""

from __future__ import annotations

import binascii
import io
import random
import zipfile
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from classifiers.extract import ocr as pictures
from classifiers.extract.extraction import MAX_CHARACTERS, extract_message
from classifiers.extract.quoting import PassageKind
from gateway.core.message import parts
from gateway.core.messages.media import MediaFile, media_parts

DOCX = (
    '<w:document xmlns:w="x"><w:body><w:p><w:r><w:t>Our sec</w:t></w:r><w:r><w:t>ret &amp; more</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>next</w:t></w:r></w:p></w:body></w:document>"
)


def mail(text: str = "Hello", **files: tuple[str, bytes]) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "About the quiz"
    message.set_content(text)
    for name, (media_type, data) in files.items():
        main, _, sub = media_type.partition("/")
        message.add_attachment(data, main, sub, filename=name.replace("_", "."))
    return message.as_bytes()


def zipped(**entries: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def pdf(password: str = "") -> bytes:
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
    return "\n".join(each.text for each in extract_message(content).passages if each.kind is PassageKind.ATTACHED)


def test_subject_and_text_have_their_places() -> None:
    content = mail("Hi Avery,\n\nsee you.\n> old words")
    reading = extract_message(content)
    assert reading.failed == ()
    assert [(each.part, each.kind) for each in reading.passages] == [
        ("subject", PassageKind.SUBJECT),
        ("1", PassageKind.FRESH),
        ("1", PassageKind.QUOTED),
    ]
    text = next(part.text for part in parts(content) if part.number == "1")
    for each in reading.passages[1:]:
        assert text[each.start : each.start + len(each.text)] == each.text


def test_sms_is_its_text() -> None:
    reading = extract_message("¿mañana?\n> no quote here".encode(), "sms")
    assert "".join(each.text for each in reading.passages).startswith("¿mañana?")
    assert reading.failed == ()


def test_alternatives_that_say_the_same_are_read_once_and_tricks_twice() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("The quiz is on Friday.")
    message.add_alternative("<p>The quiz is on <b>Friday</b>.</p>", "html")
    assert len(extract_message(message.as_bytes()).passages) == 1
    message = EmailMessage(policy=SMTP)
    message.set_content("The quiz is on Friday.")
    message.add_alternative("<p>Keep this between us, beautiful.</p>", "html")
    assert [each.part for each in extract_message(message.as_bytes()).passages] == ["1", "2"]


@pytest.mark.parametrize(
    "style",
    ["display:none", "font-size:0", "color:#fff", "position:absolute;left:-9999px", "opacity:0", "mso-hide:all",
     "height:0;overflow:hidden", "visibility:hidden"],
)  # fmt: skip
def test_hidden_text_is_read_as_hidden(style: str) -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content(f'<p>Shown</p><div style="{style}">come alone tonight</div>', "html")
    passages = extract_message(message.as_bytes()).passages
    assert [(each.kind, each.text, each.part) for each in passages] == [
        (PassageKind.FRESH, "Shown", "1"),
        (PassageKind.HIDDEN, "come alone tonight", ""),
    ]


@pytest.mark.parametrize(
    ("name", "media_type", "data", "expected"),
    [
        ("a_txt", "text/plain", b"plain words", "plain words"),
        ("a_csv", "text/csv", b"name,grade\nAna,F", "Ana,F"),
        ("a_ics", "text/calendar", b"BEGIN:VCALENDAR\r\nSUMMARY:Meet\r\n  me\\, alone\r\nUID:1\r\n", "Meet me, alone"),
        ("a_vcf", "text/vcard", b"BEGIN:VCARD\r\nFN:Dana\r\nTEL;TYPE=cell:515-555-0100\r\n", "515-555-0100"),
        ("a_pdf", "application/pdf", pdf(), "Meet me alone"),
        (
            "b_vcf",
            "text/x-vcard",
            b"BEGIN:VCARD\r\nNOTE:text me\\, it is\r\n  private\r\nEND:VCARD",
            "text me, it is private",
        ),
        (
            "a_rtf",
            "application/rtf",
            rb"{\rtf1{\fonttbl{\f0 Calibri;}}{\*\generator Word;}\f0 Nos vemos ma\u241?ana\par s\'f3lo t\'fa}",
            "Nos vemos mañana\nsólo tú",
        ),
        ("a_html", "application/xhtml+xml", b"<p>a <b>sec</b>ret</p><i style='display:none'>hid</i>", "a secret\nhid"),
        ("a_svg", "image/svg+xml", b"<svg><text>drawn words</text></svg>", "drawn words"),
        (
            "a_pptx",
            "application/octet-stream",
            zipped(ppt__slides__slide1_xml="<p:sld><a:p><a:r><a:t>On a slide</a:t></a:r></a:p></p:sld>"),
            "On a slide",
        ),
        (
            "a_xlsx",
            "application/octet-stream",
            zipped(xl__sharedStrings_xml="<sst><si><t>Ana</t></si><si><t>F</t></si></sst>"),
            "Ana\nF",
        ),
        (
            "a_odt",
            "application/vnd.oasis.opendocument.text",
            zipped(content_xml="<office:text><text:p>open words</text:p></office:text>"),
            "open words",
        ),
        ("a_docx", "application/octet-stream", zipped(word__document_xml=DOCX), "Our secret & more\nnext"),
        ("a_zip", "application/zip", zipped(note_txt="inner words"), "inner words"),
        ("b_zip", "application/zip", zipped(inner_zip=zipped(note_txt="deep words")), "deep words"),
    ],
)
def test_files_are_read(name: str, media_type: str, data: bytes, expected: str) -> None:
    content = mail(**{name: (media_type, data)})
    assert expected in attached(content)
    assert extract_message(content).failed == ()


def locked_zip() -> bytes:
    data = bytearray(zipped(note_txt="x"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "media_type", "data", "word"),
    [
        ("a_pdf", "application/pdf", pdf("secret"), "encrypted"),
        ("a_zip", "application/zip", locked_zip(), "encrypted"),
        ("smime_p7m", "application/pkcs7-mime", b"0\x82", "encrypted"),
        ("a_doc", "application/msword", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("b_pdf", "application/pdf", b"%PDF-1.4 nonsense", "unreadable"),
        ("b_zip", "application/zip", b"PK\x03\x04 nonsense", "unreadable"),
        ("a_bin", "application/octet-stream", b"\x00\x01\x02", "unreadable"),
        ("bomb_zip", "application/zip", zipped(a_txt=b"0" * 40_000_000), "unreadable"),
        ("long_txt", "text/csv", b"word " * 100_000, "too_large"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, media_type: str, data: bytes, word: str) -> None:
    assert extract_message(mail(**{name: (media_type, data)})).failed == (word,)


def test_pgp_text_is_encrypted() -> None:
    sealed = "-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----"
    assert extract_message(mail(sealed)).failed == ("encrypted",)
    assert extract_message(mail(a_asc=("application/octet-stream", sealed.encode()))).failed == ("encrypted",)


def test_files_without_text_are_no_failure() -> None:
    assert (
        extract_message(mail(a_dat=("application/pgp-signature", b"\x89\x01\x33\x04\x00\x01\x08\x00\x1d\x16"))).failed
        == ()
    )
    assert extract_message(mail(a_dat=("font/woff2", b"wOF2\x00\x01\x00\x00\x00\x00"))).failed == ()


@pytest.mark.skipif(pictures.is_available(), reason="the extra ocr is installed: test_pictures.py")
def test_pictures_are_silent_without_the_extra() -> None:
    assert extract_message(mail(a_png=("image/png", b"\x89PNG binary"))).failed == ()


def test_an_invitation_is_read_as_what_it_says() -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Invitation"
    message.set_content("See the invitation.")
    entry = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Just us\r\nLOCATION:my place\r\nEND:VEVENT\r\nEND:VCALENDAR"
    message.add_alternative(entry, "calendar", params={"method": "REQUEST"})
    assert "Just us\nmy place" in attached(message.as_bytes())


def test_too_much_text_is_read_as_far_as_the_bound() -> None:
    reading = extract_message(("word " * (MAX_CHARACTERS // 4)).encode(), "sms")
    assert reading.failed == ("too_large",)
    assert sum(len(each.text) for each in reading.passages) <= MAX_CHARACTERS


def test_a_zip_that_lies_about_its_size_is_read_no_further_than_it_says() -> None:
    data = bytearray(zipped(a_txt=b"0" * 5_000_000))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = data.index(mark) + (22 if mark == b"PK\x03\x04" else 24)
        data[at : at + 4] = (100).to_bytes(4, "little")
    assert len(attached(mail(a_zip=("application/zip", bytes(data))))) <= 101


def test_archives_in_archives_end_somewhere() -> None:
    data = zipped(note_txt="x")
    for _ in range(8):
        data = zipped(inner_zip=data)
    assert extract_message(mail(a_zip=("application/zip", data))).failed == ("unreadable",)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["application/pdf", "application/zip", "text/html", "text/calendar"]))
def test_never_raises(data: bytes, media_type: str) -> None:
    extract_message(data)
    extract_message(data, "sms")
    head = (
        b"%PDF-1.4\n" if media_type == "application/pdf" else b"PK\x03\x04" if media_type == "application/zip" else b""
    )
    extract_message(mail(a_bin=(media_type, head + data)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_files_never_raise(seed: int) -> None:
    draw = random.Random(seed)
    for name, data in (("a_pdf", pdf()), ("a_docx", zipped(word__document_xml=DOCX))):
        damaged = bytearray(data)
        for _ in range(draw.randint(1, 12)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        extract_message(mail(**{name: ("application/octet-stream", bytes(damaged))}))


def test_a_picture_in_a_text_is_unreadable_and_its_files_are_read() -> None:
    card = b"BEGIN:VCARD\r\nFN:Coach\r\nNOTE:text me on my own phone\r\nEND:VCARD\r\n"
    media = [MediaFile(1, "text/vcard", content=card), MediaFile(2, "image/jpeg", content=b"\xff\xd8\xff")]
    both = extract_message(b"look", "sms", media_parts(media))
    assert both.failed == ("unreadable",)
    assert any("text me on my own phone" in each.text for each in both.passages)
    assert extract_message(b"look", "sms", media_parts(media[:1])).failed == ()
    assert extract_message(b"look", "sms", media_parts([MediaFile(1, "application/zip", content=b"PK")])).failed == (
        "unreadable",
    )
    noted = extract_message(b"look", "sms", media_parts([MediaFile(1, "text/plain", content=b"delete this")]))
    assert [(each.part, each.text) for each in noted.passages if each.kind is PassageKind.ATTACHED] == [
        ("2", "delete this")
    ]


def test_words_that_only_one_alternative_has_are_read_however_few_they_are() -> None:
    long = " ".join(f"word{number}" for number in range(200))
    message = EmailMessage(policy=SMTP)
    message.set_content(long)
    message.add_alternative(f"<p>{long}</p><p>kill yourself</p><p><a href='https://x.example/y'>word1</a></p>", "html")
    content = message.as_bytes()
    passages = [each for each in extract_message(content).passages if each.part == "2"]
    text = next(part.text for part in parts(content) if part.number == "2")
    assert [each.text for each in passages] == ["kill yourself", "word1 <https://x.example/y>"]
    assert text[passages[0].start :].startswith("kill yourself")


def test_a_link_that_only_one_alternative_has_is_read() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("The form is here.")
    message.add_alternative("<p><a href='https://snapchat.com/add/x'><img src='cid:1'></a></p>", "html")
    assert any("snapchat.com/add/x" in each.text for each in extract_message(message.as_bytes()).passages)


def test_words_that_both_alternatives_have_in_another_order_are_read() -> None:
    long = " ".join(f"word{number}" for number in range(60))
    message = EmailMessage(policy=SMTP)
    message.set_content(f"I hope that you will come. {long} Do not kill time.")
    message.add_alternative(f"<p>{long}</p><p>I<br>will<br>kill<br>you</p><p>{long}</p>", "html")
    assert "I\nwill\nkill\nyou" in "\n".join(each.text for each in extract_message(message.as_bytes()).passages)
    message = EmailMessage(policy=SMTP)
    message.set_content("Kill the lights yourself.")
    message.add_alternative("<p>Kill yourself</p>", "html")
    assert [each.text for each in extract_message(message.as_bytes()).passages][1:] == ["Kill yourself"]


def test_alternatives_that_only_their_layout_tells_apart_are_read_once() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("Dear families,\n\n* Bring water.\n* See the form [https://x.example/a] now.\n\nThanks\nMs. R")
    message.add_alternative(
        "<p>Dear families,</p><ul><li>Bring water.</li>"
        "<li>See <a href='https://x.example/b'>the form</a> now.</li></ul><p>Thanks<br>Ms. R</p>",
        "html",
    )
    assert {each.part for each in extract_message(message.as_bytes()).passages} == {"1"}


def test_what_stands_beside_an_encrypted_message_is_read() -> None:
    sealed = "-----BEGIN PGP MESSAGE-----\n\n" + "hQEMA1b" * 9 + "\n=abcd\n-----END PGP MESSAGE-----"
    reading = extract_message(mail(f"My stepdad hit me again.\n\n{sealed}\n\nPlease help me."))
    said = [each for each in reading.passages if each.part == "1"]
    assert reading.failed == ("encrypted",)
    assert "My stepdad hit me again." in said[0].text
    assert "Please help me." in said[-1].text
    assert not any("hQEMA1b" in each.text for each in said)


def test_a_file_written_into_a_text_is_opened() -> None:
    body = (
        b"see below\r\nbegin 644 a.txt\r\n" + binascii.b2a_uu(b"meet me alone tonight").rstrip() + b"\r\n`\r\nend\r\n"
    )
    assert "meet me alone" in attached(b"Subject: x\r\n\r\n" + body)
    assert extract_message(b"Subject: x\r\n\r\nbegin 644 books tomorrow\r\n").failed == ()
