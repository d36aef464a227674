"""What is read of a message, and what is reported as unreadable."""

from __future__ import annotations

import base64
import binascii
import random
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.extract import ocr as pictures
from classifiers.extract.extraction import MAX_CHARACTERS, extract_message
from classifiers.extract.quoting import PassageKind
from gateway.core.message import parts
from gateway.core.messages.media import MediaFile, media_parts
from tests.classifiers.extract.sample_files import DOCX, attached, locked_zip, mail, pdf, photo, zipped


def test_passages_have_part_and_offset() -> None:
    content = mail("Hi Avery,\n\nsee you.\n> old words")
    extracted = extract_message(content)
    assert extracted.failed == ()
    assert [(passage.part, passage.kind) for passage in extracted.passages] == [
        ("subject", PassageKind.SUBJECT),
        ("1", PassageKind.NEW),
        ("1", PassageKind.QUOTED),
    ]
    text = next(part.text for part in parts(content) if part.number == "1")
    for passage in extracted.passages[1:]:
        assert text[passage.start : passage.start + len(passage.text)] == passage.text


def test_a_text_message_is_one_passage() -> None:
    extracted = extract_message("¿mañana?\n> no quote here".encode(), "sms")
    assert "".join(passage.text for passage in extracted.passages).startswith("¿mañana?")
    assert extracted.failed == ()


_HALVES = {
    "html": b"<style>p::before{content:'Meet me \\00d800 alone'}</style><p>tonight</p>",
    "plain": b"+"
    + base64.b64encode("ⓜⓔⓔⓣⓜⓔⓐⓛⓞⓝⓔⓣⓞⓝⓘⓖⓗⓣⓑⓔⓗⓘⓝⓓⓣⓗⓔⓛⓐⓚⓔ".encode("utf-16-be") + b"\xd8\0").rstrip(b"=")
    + b"-",
}


@pytest.mark.parametrize("kind", _HALVES)
def test_half_a_character_is_replaced(kind: str) -> None:
    content = f"Subject: x\r\nContent-Type: text/{kind}\r\n\r\n".encode() + _HALVES[kind]
    said = "\n".join(passage.text for passage in extract_message(content).passages)
    assert "\ufffd" in said
    said.encode("utf-8")


@pytest.mark.parametrize(
    "style",
    ["display:none", "font-size:0", "color:#fff", "position:absolute;left:-9999px", "opacity:0",
     "height:0;overflow:hidden", "visibility:hidden"],
)  # fmt: skip
def test_hidden_text_is_marked_as_hidden(style: str) -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content(f'<p>Shown</p><div style="{style}">come alone tonight</div>', "html")
    passages = extract_message(message.as_bytes()).passages
    assert [(passage.kind, passage.text, passage.part) for passage in passages] == [
        (PassageKind.NEW, "Shown", "1"),
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
        ("a_html", "application/xhtml+xml", b"<p>a <b>sec</b>ret</p><i style='display:none'>hid</i>", "a secret"),
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
def test_unreadable_files_are_reported(name: str, media_type: str, data: bytes, word: str) -> None:
    assert extract_message(mail(**{name: (media_type, data)})).failed == (word,)


def test_pgp_text_is_encrypted() -> None:
    encrypted = "-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----"
    assert extract_message(mail(encrypted)).failed == ("encrypted",)
    assert extract_message(mail(a_asc=("application/octet-stream", encrypted.encode()))).failed == ("encrypted",)


def test_files_without_text_are_no_failure() -> None:
    signature = b"\x89\x00\x0a\x04\x00\x01\x08\x00\x1d\x16\x21\x04\x9f"
    assert extract_message(mail(a_dat=("application/pgp-signature", signature))).failed == ()
    tables = b"".join(tag + bytes(4) + b"\0\0\0\x4c" + b"\0\0\0\x04" for tag in (b"cmap", b"glyf", b"head", b"name"))
    font = b"\0\1\0\0\0\4" + bytes(6) + tables + b"data"
    assert extract_message(mail(a_dat=("font/ttf", font))).failed == ()


@pytest.mark.skipif(pictures.is_available(), reason="the extra ocr is installed: test_ocr.py")
def test_a_picture_is_pictured_unless_it_is_tiny_or_of_one_color() -> None:
    assert extract_message(mail(a_png=("image/png", photo("PNG")))).failed == ("pictured",)
    assert extract_message(mail(a_png=("image/png", photo("PNG", (16, 16))))).failed == ()
    assert extract_message(mail(a_png=("image/png", b"\x89PNG binary"))).failed == ("unreadable",)


def test_the_text_of_an_invitation_is_read() -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Invitation"
    message.set_content("See the invitation.")
    entry = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Just us\r\nLOCATION:my place\r\nEND:VEVENT\r\nEND:VCALENDAR"
    message.add_alternative(entry, "calendar", params={"method": "REQUEST"})
    assert "Just us\nmy place" in attached(message.as_bytes())


def test_a_long_text_is_read_up_to_the_bound() -> None:
    extracted = extract_message(("word " * (MAX_CHARACTERS // 4)).encode(), "sms")
    assert extracted.failed == ("too_large",)
    assert sum(len(passage.text) for passage in extracted.passages) <= MAX_CHARACTERS


def test_a_zip_with_a_false_size_is_read_up_to_that_size() -> None:
    data = bytearray(zipped(a_txt=b"0" * 5_000_000))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = data.index(mark) + (22 if mark == b"PK\x03\x04" else 24)
        data[at : at + 4] = (100).to_bytes(4, "little")
    assert len(attached(mail(a_zip=("application/zip", bytes(data))))) <= 101


def test_nested_archives_are_bounded() -> None:
    data = zipped(note_txt="x")
    for _ in range(8):
        data = zipped(inner_zip=data)
    assert extract_message(mail(a_zip=("application/zip", data))).failed == ("unreadable",)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["application/pdf", "application/zip", "text/html", "text/calendar"]))
def test_extraction_never_raises(data: bytes, media_type: str) -> None:
    extract_message(data)
    extract_message(data, "sms")
    head = (
        b"%PDF-1.4\n" if media_type == "application/pdf" else b"PK\x03\x04" if media_type == "application/zip" else b""
    )
    extract_message(mail(a_bin=(media_type, head + data)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_files_never_raise(seed: int) -> None:
    random_source = random.Random(seed)
    for name, data in (("a_pdf", pdf()), ("a_docx", zipped(word__document_xml=DOCX))):
        damaged = bytearray(data)
        for _ in range(random_source.randint(1, 12)):
            damaged[random_source.randrange(len(damaged))] = random_source.randrange(256)
        extract_message(mail(**{name: ("application/octet-stream", bytes(damaged))}))


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_picture_in_a_text_message_is_pictured_and_its_files_are_read() -> None:
    card = b"BEGIN:VCARD\r\nFN:Coach\r\nNOTE:text me on my own phone\r\nEND:VCARD\r\n"
    media = [MediaFile(1, "text/vcard", content=card), MediaFile(2, "image/png", content=PICTURE)]
    both = extract_message(b"look", "sms", media_parts(media))
    assert both.failed == ("pictured",)
    broken = extract_message(b"look", "sms", media_parts([MediaFile(1, "image/jpeg", content=b"\xff\xd8\xff")]))
    assert broken.failed == ("pictured", "unreadable")
    sound = extract_message(b"look", "sms", media_parts([MediaFile(1, "audio/amr", content=b"#!AMR\n")]))
    assert "unreadable" in sound.failed
    assert any("text me on my own phone" in passage.text for passage in both.passages)
    assert extract_message(b"look", "sms", media_parts(media[:1])).failed == ()
    assert extract_message(b"look", "sms", media_parts([MediaFile(1, "application/zip", content=b"PK")])).failed == (
        "unreadable",
    )
    with_note = extract_message(b"look", "sms", media_parts([MediaFile(1, "text/plain", content=b"delete this")]))
    assert [(passage.part, passage.text) for passage in with_note.passages if passage.kind is PassageKind.ATTACHED] == [
        ("2", "delete this")
    ]


def test_text_beside_an_encrypted_message_is_read() -> None:
    encrypted = "-----BEGIN PGP MESSAGE-----\n\n" + "hQEMA1b" * 9 + "\n=abcd\n-----END PGP MESSAGE-----"
    extracted = extract_message(mail(f"My stepdad hit me again.\n\n{encrypted}\n\nPlease help me."))
    passages = [passage for passage in extracted.passages if passage.part == "1"]
    assert extracted.failed == ("encrypted",)
    assert "My stepdad hit me again." in passages[0].text
    assert "Please help me." in passages[-1].text
    assert not any("hQEMA1b" in passage.text for passage in passages)


def test_a_uuencoded_file_is_read() -> None:
    body = (
        b"see below\r\nbegin 644 a.txt\r\n" + binascii.b2a_uu(b"meet me alone tonight").rstrip() + b"\r\n`\r\nend\r\n"
    )
    assert "meet me alone" in attached(b"Subject: x\r\n\r\n" + body)
    assert extract_message(b"Subject: x\r\n\r\nbegin 644 books tomorrow\r\n").failed == ()


@pytest.mark.parametrize(
    "page",
    [
        b"<script>document.write(atob('bWVldA=='))</script>",
        b"<body onload='start()'>",
        b"<!DOCTYPE html [<!ENTITY % p SYSTEM 'x'>%p;]><html><body>&w;</body></html>",
    ],
)
def test_an_attached_page_that_a_browser_changes_is_not_read(page: bytes) -> None:
    message = EmailMessage()
    message.set_content("Plan")
    message.add_attachment(page, "text", "html", filename="plan.html")
    assert extract_message(message.as_bytes()).failed == ("unreadable",)


def test_names_of_texts_in_an_attached_page_are_replaced() -> None:
    message = EmailMessage()
    message.set_content("Plan")
    page = b'<!DOCTYPE html [<!ENTITY a "meet me"><!ENTITY b "&a; alone">]><html><body><p>&b; tonight</p></body></html>'
    message.add_attachment(page, "text", "html", filename="plan.xhtml")
    found = extract_message(message.as_bytes())
    assert any("meet me alone tonight" in passage.text for passage in found.passages)
    assert found.failed == ()


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/octet-stream", "text/xml"])
@pytest.mark.parametrize("name", ["notes.txt", "NOTES.LOG"])
def test_the_source_of_a_page_is_read_if_its_name_makes_programs_show_it(media_type: str, name: str) -> None:
    message = EmailMessage()
    message.set_content("Plan")
    page = b"<html><body><p title='x'\nface='meet me alone tonight'>Homework</p><p>Page two</p></body></html>"
    message.add_attachment(page, *media_type.split("/"), filename=name)
    found = extract_message(message.as_bytes())
    assert any("meet me alone tonight" in passage.text for passage in found.passages)
    assert found.failed == ()
