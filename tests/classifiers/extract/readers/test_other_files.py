"""RTF, calendars, contacts, Outlook's files, archives, attached mails, HTML with scripts, text in any charset."""

from __future__ import annotations

import base64
import gzip
import io
import quopri
import struct
import zipfile

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import compound, mail, pdf, photo, word_97, zipped
from tests.differential.file_mutations import SEVEN_ZIP, seeds

SECRET = "meet me alone tonight"
SENTENCE = "Meet me alone tonight and delete this."


def test_rtf_objects_pictures_and_skipped_groups_are_read() -> None:
    inner = zipped(word__document_xml=f"<w:p><w:t>{SECRET}</w:t></w:p>")
    found = read(
        "a.rtf",
        b"{\\rtf1 shown{\\*\\unknown aside}{\\object{\\*\\objdata " + inner.hex().encode() + b"}}{\\pict\\bin3 xyz}}",
    )
    assert "shown" in found.text
    assert SECRET in found.text
    assert "aside" in found.hidden
    assert read("a.rtf", b"{\\rt " + SECRET.encode() + b"}").text == SECRET


def test_rtf_letters_are_decoded_in_the_charset_of_their_font() -> None:
    assert read("a.rtf", b"{\\rtf1\\ansicpg1251 \\'ef\\'f0\\'e8\\'e2\\'e5\\'f2}").text == "привет"
    assert read("a.rtf", b"{\\rtf1{\\fonttbl{\\f1\\fcharset128 x;}}\\f1 \\'82\\'a0}").text == "\u3042"
    assert read("a.rtf", b"{\\rtf1\\uc2 \\u233??t\\u233\\'65\\'65}").text == "\u00e9t\u00e9"


@pytest.mark.parametrize(
    "line",
    [f"X-ANYTHING:{SECRET}", f"X-A;X-B=\"{SECRET}\":1", "COMMENT:meet me a\r\n lone tonight",
     f"ATTACH:data:text/plain,{SECRET}",
     "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + base64.b64encode(SECRET.encode()).decode(),
     f"ATTENDEE;CN={SECRET}:mailto:a@b.example",
     f"UID:{SECRET}", f"no colon {SECRET}", "X-ALT-DESC;FMTTYPE=text/html:<b>meet</b> me alone<i></i> tonight",
     "NOTE;QUOTED-PRINTABLE:" + quopri.encodestring(SECRET.encode(), quotetabs=True).decode()],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["VCALENDAR", "VCARD"])
def test_every_property_of_calendars_and_contacts_is_read(line: str, kind: str) -> None:
    data = f"BEGIN:{kind}\r\nVERSION:2.1\r\n{line}\r\nEND:{kind}\r\n".encode()
    assert SECRET in read("a.bin", data).everything
    assert SECRET in read("a.ics", data.decode().encode("utf-16")).everything


def test_a_picture_in_a_contact_is_a_picture() -> None:
    card = b"BEGIN:VCARD\r\nPHOTO;ENCODING=b:" + base64.b64encode(photo()) + b"\r\nEND:VCARD\r\n"
    assert read("a.vcf", card).failed in ((), ("pictured",))


@pytest.mark.parametrize(
    ("properties", "hides"),
    [(b"\x3c\x08\x01", True), (b"\x3c\x08\x00", False), (b"\x00\x08\x01", True), (b"\x43\x4a\x02\x00", True),
     (b"\x43\x4a\x18\x00", False), (b"\x70\x68\xff\xff\xff\x00", True),
     (b"\x70\x68\xff\xff\xff\x00\x0c\x2a\x07", False),
     (b"\x42\x2a\x08\x3c\x08\x00", True), (b"\x35\x08\x01\x3c\x08\x01\x3c\x08\x00", False)],
)  # fmt: skip
def test_hidden_text_of_a_binary_word_document_is_told_apart(properties: bytes, hides: bool) -> None:
    found = read("a.doc", word_97(f"shown {SECRET} end", hidden=(6, 7 + len(SECRET)), properties=properties))
    assert found.text == ("shown end" if hides else f"shown {SECRET} end")
    assert (SECRET in found.hidden) == hides


def test_binary_office_files_are_read_by_their_structure() -> None:
    files = seeds()
    assert read("a.doc", word_97(SECRET)).text == SECRET
    assert "hello\tword" in read("a.xls", files["a.xls"]).text
    assert "a slide" in read("a.ppt", files["a.ppt"]).text
    assert "the body of it" in read("a.msg", files["a.msg"]).text
    assert "tell nobody" in read("winmail.dat", files["winmail.dat"]).text


def test_nothing_is_judged_from_a_compound_file_that_is_not_understood() -> None:
    found = read("a.doc", compound({"Something": b"words of nobody " * 300}))
    assert found.text == ""
    assert found.failed == ("unreadable",)
    without_pieces = struct.pack("<HH", 0xA5EC, 0x00C1) + bytes(600) + b"words of nobody " * 300
    found = read("a.doc", compound({"WordDocument": without_pieces, "1Table": b""}))
    assert (found.text, found.failed) == ("", ("unreadable",))


def test_what_stands_around_an_archive_is_read() -> None:
    archive = zipped(note_txt="inside words")
    for data in (b"before words " * 9 + archive, archive + b"after words " * 9):
        found = read("a.zip", data)
        assert "inside words" in found.everything
        assert "before words" in found.everything or "after words" in found.everything
    hidden = zipped(other_txt=SECRET)
    local = hidden[: hidden.index(b"PK\x01\x02")]
    found = read("a.zip", archive[: archive.index(b"PK\x01\x02")] + local + archive[archive.index(b"PK\x01\x02") :])
    assert SECRET in found.everything


def test_a_broken_entry_is_read_up_to_its_end() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("note.txt", SECRET)
    found = read("a.zip", out.getvalue().replace(SECRET.encode(), b"meet me alone to-nigh"))
    assert "meet me alone" in found.text
    assert found.failed == ("unreadable",)


def test_an_encrypted_entry_does_not_hide_the_others() -> None:
    data = bytearray(zipped(a_txt="x" * 40, b_txt=SECRET))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    found = read("a.zip", bytes(data))
    assert SECRET in found.text
    assert found.failed == ("encrypted",)


def test_compressed_files_are_read_one_in_another() -> None:
    data = gzip.compress(gzip.compress(zipped(a_txt=SECRET)))
    assert SECRET in read("a.gz", data).text
    assert SECRET in read("a.gz", gzip.compress(b"first") + gzip.compress(SECRET.encode())).text
    assert read("a.gz", gzip.compress(bytes(40_000_000))).failed == ("too_large",)


def test_7z_archives_are_read() -> None:
    assert read("a.bin", SEVEN_ZIP).text == f"note\n{SECRET}\n"
    assert read("a.7z", SEVEN_ZIP[:-20]).failed == ("unreadable",)


def test_attached_mails_are_read_wherever_they_are() -> None:
    message = mail("plain words", a_txt=("text/plain", SECRET.encode()), b_pdf=("application/pdf", pdf()))
    for name, data in (("a.bin", message), ("a.zip", zipped(a_dat=message)), ("a.mbox", b"From x\n" + message)):
        found = read(name, data)
        assert SECRET in found.text
        assert "Meet me alone" in found.text
        assert "About the quiz" in found.text


def test_html_files_with_scripts_are_not_understood() -> None:
    script = "<p>hi</p><script>document.write('meet \\x6de alone ' + 'x')</script>"
    found = read("a.html", f"{script}<iframe srcdoc='&lt;b>{SECRET}</b>'></iframe>".encode())
    assert found.failed == ("unreadable",)
    assert "meet me alone" in found.hidden
    assert SECRET in found.text
    assert read(
        "a.html", b'<p>hi</p><iframe src="data:text/html;base64,' + base64.b64encode(SECRET.encode()) + b'">'
    ).text.endswith(SECRET)
    assert read("a.html", b"<p onclick=x()>hi").failed == ("unreadable",)
    assert read("a.html", b"<p>hi").failed == ()


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp037", "cp500"]
)
def test_texts_are_read_in_any_charset(charset: str) -> None:
    assert f"{SECRET}, caf" in read("a.txt", f"{SECRET}, caf\u00e9 {SECRET}".encode(charset)).text


def test_bytes_that_are_no_text_are_not_judged() -> None:
    found = read("a.txt", bytes(range(0x80, 0x100)) * 20)
    assert found.text == ""
    assert found.failed == ("unreadable",)


def test_a_pdf_behind_other_bytes_is_read() -> None:
    for before in (b"some words " * 300, bytes(range(256)) * 9):
        assert "Meet me alone" in read("a.bin", before + pdf()).text
        assert "Meet me alone" in read("a.jpg", photo() + pdf()).text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.har", b'{"text": "%s", "encoding": "base64"}' % base64.b64encode(SENTENCE.encode())),
        ("a.txt", b"{\\rtf1 %s}" % SENTENCE.encode()),
        ("a.txt", (b"{\\rtf1 %s}" % SENTENCE.encode()).hex().encode()),
        ("a.ics", b"BEGIN:VCALENDAR\nPRODID:%s\nEND:VCALENDAR\n" % SENTENCE.encode()),
    ],
)
def test_text_that_a_file_encodes_or_names_a_program_is_read(name: str, data: bytes) -> None:
    found = read(name, data)
    assert SENTENCE in found.text + found.hidden


def test_text_that_poses_as_the_only_table_of_a_font_is_called_unreadable() -> None:
    text = SENTENCE.encode()
    font = b"\0\1\0\0\0\1\0\0\0\0\0\0name\0\0\0\0" + struct.pack(">II", 28, len(text)) + text
    found = read("a.ttf", font)
    assert found.failed == ("unreadable",)
    assert SENTENCE in found.hidden


@pytest.mark.parametrize(
    "before", ["", "\n", "\x04", "% plan\n", "\x1b%-12345X@PJL JOB\n@PJL ENTER LANGUAGE = POSTSCRIPT\n"]
)
def test_programs_that_draw_text_are_unreadable_whatever_precedes_them(before: str) -> None:
    program = f"{before}%!PS-Adobe-3.0\n20 700 moveto <4d656574> show\nshowpage\n"
    assert read("a.ps", program.encode()).failed == ("unreadable",)
    assert read("a.txt", b"The file starts with %!PS, a mark of the printer.").failed == ()


def test_text_behind_a_zero_byte_that_ends_a_field_is_read_on_a_line_of_its_own() -> None:
    assert SENTENCE in read("a.bin", b"070707000000note.txt\0" + SENTENCE.encode()).everything.split("\n")


@pytest.mark.parametrize("key", range(1, 256))
def test_text_whose_bytes_are_mixed_with_one_key_is_read_or_called_not_read(key: int) -> None:
    text = "The bus leaves at four from the school. " + SENTENCE
    found = read("a.bin", bytes(byte ^ key for byte in text.encode()))
    assert SENTENCE in found.everything or found.failed


@pytest.mark.parametrize("before", [0, 200])
def test_text_whose_bytes_have_their_highest_bit_set_is_read(before: int) -> None:
    text = "The bus leaves at four from the school. " * before + SENTENCE
    assert read("a.bin", bytes(byte | 0x80 for byte in text.encode())).everything.endswith(SENTENCE)
