"""Files are read by their content. Unreadable ones are reported, and hidden text is read."""

from __future__ import annotations

import base64
import io
import random
import zipfile

import pytest
from pypdf import PdfReader, PdfWriter

from classifiers.extract import ocr as pictures
from classifiers.extract.extraction import extract_message
from classifiers.extract.quoting import PassageKind
from tests.classifiers.extract.sample_files import attached, compound, locked_zip, mail, pdf, photo, word_97, zipped

JPEG = photo()
WORDS = b"meet me alone tonight and tell nobody about it"


def archive(entries: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return out.getvalue()


def failed(name: str, media_type: str, data: bytes) -> tuple[str, ...]:
    return extract_message(mail(**{name: (media_type, data)})).failed


@pytest.mark.parametrize(
    ("name", "media_type", "data"),
    [
        ("a_mp3", "audio/mpeg", b"ID3\x04\x00" + b"\x00\x01" * 40),
        ("a_m4a", "audio/mp4", b"\x00\x00\x00\x20ftypM4A \x00\x00" * 4),
        ("a_wav", "audio/wav", b"RIFF\x24\x08\x00\x00WAVEfmt " + bytes(40)),
        ("a_mp4", "video/mp4", b"\x00\x00\x00\x20ftypisom\x00\x00" * 4),
        ("a_jpg", "image/jpeg", b"\x00\x00\x00\x20ftypisom\x00\x00" * 4),
        ("a_txt", "text/plain", b"\x00\x00\x00\x20ftypisom\x00\x00" * 4),
        ("a_png", "image/png", b"\x7fELF\x02\x01\x01" + bytes(50)),
        ("a_bin", "model/stl", b"\x80\x01\x02\x03" * 20),
        ("a_ttf", "font/ttf", b"\x80\x01\x02\x03" * 20),
        ("a_pdf", "application/pdf", b"this is no pdf at all"),
        ("a_sig", "application/pgp-signature", b"\x01\x02\x03\x04" * 20),
        ("a_tgz", "text/plain", b"\x1f\x8b\x08\x00" + bytes(range(256))),
    ],
)
def test_unsupported_files_are_unreadable(name: str, media_type: str, data: bytes) -> None:
    assert failed(name, media_type, data) == ("unreadable",)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("photo_jpg", "image/jpeg"),
        ("photo_jpg", "application/octet-stream"),
        ("photo", "image/pjpeg"),
        ("a_txt", "text/plain"),
    ],
)
@pytest.mark.skipif(pictures.is_available(), reason="the extra ocr is installed: test_ocr.py")
def test_the_words_of_photos_are_not_read_without_the_extra(name: str, media_type: str) -> None:
    assert failed(name, media_type, JPEG) == ("pictured",)


@pytest.mark.parametrize("media_type", ["image/jpeg", "text/plain", "audio/mpeg", "application/pgp-keys", "font/ttf"])
def test_a_mislabeled_file_is_read_by_its_content(media_type: str) -> None:
    assert "Meet me alone" in attached(mail(a_jpg=(media_type, pdf())))
    assert "tell nobody" in attached(mail(a_jpg=(media_type, zipped(note_txt=WORDS))))
    assert failed("a_jpg", media_type, locked_zip()) == ("encrypted",)
    assert failed("a_jpg", media_type, pdf("secret")) == ("encrypted",)
    assert "tell nobody" in attached(mail(a_jpg=(media_type, WORDS)))


def test_an_archive_appended_to_a_photo_is_read() -> None:
    assert "tell nobody" in attached(mail(a_jpg=("image/jpeg", JPEG + zipped(note_txt=WORDS))))
    assert "tell nobody" in attached(mail(a_zip=("application/zip", zipped(a_jpg=JPEG, note_jpg=WORDS))))


def test_reports_are_read_and_partial_messages_are_incomplete() -> None:
    def message(media_type: str) -> bytes:
        body = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: "
        return body + media_type.encode() + b"\r\n\r\nReporting-MTA: dns; x\r\n\r\n" + WORDS + b"\r\n--b--\r\n"

    for media_type in ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers"):
        assert "tell nobody" in attached(message(media_type))
        assert extract_message(message(media_type)).failed == ()
    assert extract_message(message("message/partial; id=1; number=1; total=2")).failed == ("incomplete",)
    assert extract_message(message("message/external-body; access-type=URL")).failed == ("unreadable",)


def test_text_beside_a_key_is_read() -> None:
    assert "tell nobody" in attached(mail(a_asc=("text/plain", WORDS)))
    begin = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: GnuPG v2.0.22 (GNU/Linux)\n\n"
    key, end = begin + base64.b64encode(b"\x98\x06\x04abcde"), b"\n-----END PGP PUBLIC KEY BLOCK-----\n"
    words = b"meet\nme\nalone\ntonight\nok"
    for media_type in ("text/plain", "application/pgp-keys"):
        assert not attached(mail(a_asc=(media_type, key + end)))
        assert "tell nobody" in attached(mail(a_asc=(media_type, key + end + WORDS)))
        assert "alone" in attached(mail(a_asc=(media_type, begin + words)))  # no end
        assert "alone" in attached(mail(a_asc=(media_type, begin + words + end)))  # no key


@pytest.mark.parametrize(
    ("media_type", "prefix"),
    [
        ("application/pkcs7-signature", b"0 "),
        ("application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----\n"),
        ("application/pgp-signature", "\u0089 ".encode("latin-1")),
        ("text/plain", b"OTTO, "),
        ("text/plain", b"GIF8 "),
        ("text/plain", b"ID3 "),
        ("image/gif", b"8BPS "),
        ("text/plain", b"1234ftyp"),
        ("text/plain", b"RIFF "),
        ("application/octet-stream", b"BEGIN:VCARD\r\n"),
    ],
)
def test_text_labeled_as_a_file_without_text_is_read(media_type: str, prefix: bytes) -> None:
    assert "tell nobody" in attached(mail(a_txt=(media_type, prefix + WORDS)))


@pytest.mark.parametrize(
    "line", ["item1.URL:https://snapchat.com/add/x", "X-SOCIALPROFILE;TYPE=snapchat:https://snapchat.com/add/x",
             "IMPP:snapchat.com/add/x", "NICKNAME:snapchat.com/add/x", "CATEGORIES:snapchat.com/add/x"],
)  # fmt: skip
def test_accounts_in_a_vcard_are_read(line: str) -> None:
    card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Dana\r\n{line}\r\nUID:7f\r\nEND:VCARD\r\n".encode()
    expected = attached(mail(a_vcf=("text/vcard", card)))
    assert "snapchat.com/add/x" in expected
    assert "7f" not in expected


def test_a_file_that_breaks_its_parser_does_not_affect_the_rest() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("note.txt", WORDS * 50)
    data = bytearray(out.getvalue())
    at = data.index(b"note.txt") + len("note.txt") + 9  # after the LZMA properties
    data[at : at + 12] = b"\xff" * 12
    extracted = extract_message(mail("My stepdad hit me again.", a_zip=("application/zip", bytes(data))))
    assert extracted.failed == ("unreadable",)
    assert "My stepdad hit me again." in [passage.text for passage in extracted.passages]


def encrypted_office() -> bytes:
    return compound({"EncryptedPackage": bytes(100), "EncryptionInfo": bytes(10)})


def test_encrypted_office_files_are_recognized_in_archives_too() -> None:
    assert failed("a_zip", "application/zip", zipped(inner_docx=encrypted_office())) == ("encrypted",)
    assert failed("a_zip", "application/zip", zipped(inner_jpg=encrypted_office())) == ("encrypted",)
    assert failed("a_doc", "application/msword", word_97("some words of it", 0x0100)) == ("encrypted",)
    assert failed("a_doc", "application/msword", word_97("some words of it")) == ()
    book = b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(12) + b"\x2f\x00\x36\x00" + bytes(54)
    assert failed("a_xls", "application/vnd.ms-excel", compound({"Workbook": book})) == ("encrypted",)
    sheet = zipped(**{"META-INF__manifest_xml": "<manifest:encryption-data/>", "content_xml": "<text:p>x</text:p>"})
    assert failed("a_odt", "application/vnd.oasis.opendocument.text", sheet) == ("encrypted",)


def scanned(typed: bool, side: int = 800, picture: bool = True) -> bytes:
    """A scanned page, alone or after a page with text."""
    writer = PdfWriter()
    if typed:
        writer.append(PdfReader(io.BytesIO(pdf())))
    page = writer.add_blank_page(612, 792)
    if picture:
        from pypdf.generic import DictionaryObject, NameObject, NumberObject, StreamObject

        image = StreamObject()
        image.set_data(random.Random(1).randbytes(side * side // 8))
        image.update(
            {
                NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Image"),
                NameObject("/Width"): NumberObject(side), NameObject("/Height"): NumberObject(side),
                NameObject("/BitsPerComponent"): NumberObject(1), NameObject("/ColorSpace"): NameObject("/DeviceGray"),
            }
        )  # fmt: skip
        objects = DictionaryObject({NameObject("/Im0"): writer._add_object(image)})
        drawing = StreamObject()
        drawing.set_data(b"q %d 0 0 %d 0 0 cm /Im0 Do Q" % (side, side))
        page[NameObject("/Contents")] = writer._add_object(drawing)
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): objects})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.skipif(pictures.is_available(), reason="the extra ocr is installed, and reads such pages")
def test_a_scanned_page_is_pictured_even_among_text_pages() -> None:
    assert failed("a_pdf", "application/pdf", scanned(typed=False)) == ("pictured",)
    assert failed("a_pdf", "application/pdf", scanned(typed=True)) == ("pictured",)
    assert "Meet me alone" in attached(mail(a_pdf=("application/pdf", scanned(typed=True))))


def test_an_empty_page_and_an_icon_are_no_scan() -> None:
    assert failed("a_pdf", "application/pdf", scanned(typed=True, picture=False)) == ()
    assert failed("a_pdf", "application/pdf", scanned(typed=True, side=24)) == ()


def hidden(content: bytes) -> str:
    return "\n".join(
        passage.text for passage in extract_message(content).passages if passage.kind is PassageKind.HIDDEN
    )


@pytest.mark.parametrize(
    "run",
    [
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>come alone tonight</w:t></w:r>",
        '<w:r w:rsidR="1"><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>come alone tonight</w:t></w:r>',
        '<w:r><w:rPr><w:sz w:val="2"/></w:rPr><w:t>come alone tonight</w:t></w:r>',
        '<w:del w:id="1"><w:r><w:delText>come alone tonight</w:delText></w:r></w:del>',
    ],
    ids=["hidden", "white", "tiny", "deleted"],
)
def test_hidden_word_text_is_marked_as_hidden(run: str) -> None:
    document = (
        f"<w:document><w:p><w:r><w:t>The quiz is on Fri</w:t></w:r>{run}<w:r><w:t>day.</w:t></w:r></w:p></w:document>"
    )
    content = mail(a_docx=("application/octet-stream", zipped(word__document_xml=document)))
    assert "The quiz is on Friday." in attached(content)
    assert "alone" not in attached(content)
    assert hidden(content).startswith("come alone tonight")


def test_white_text_on_a_dark_cell_is_visible() -> None:
    document = (
        '<w:tc><w:shd w:val="clear" w:fill="003366"/><w:p><w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr>'
        "<w:t>Points</w:t></w:r></w:p></w:tc>"
    )
    content = mail(a_docx=("application/octet-stream", zipped(word__document_xml=document)))
    assert "Points" in attached(content)
    assert not hidden(content)


def test_comments_notes_properties_links_and_embedded_files_are_read() -> None:
    document = archive(
        {
            "[Content_Types].xml": '<Types xmlns="x"/>',
            "word/document.xml": "<w:p><w:t>Shown</w:t></w:p>",
            "word/comments.xml": "<w:p><w:t>a comment</w:t></w:p>",
            "word/endnotes.xml": "<w:p><w:t>an endnote</w:t></w:p>",
            "docProps/core.xml": "<cp:p><dc:title>a title</dc:title><dc:description>a property</dc:description></cp:p>",
            "word/_rels/document.xml.rels": '<Relationship Id="r" Target="https://chat.example/x?a=1&amp;b=2" '
            'TargetMode="External"/><Relationship Id="s" Target="styles.xml"/>',
            "word/embeddings/inner.docx": zipped(word__document_xml="<w:p><w:t>deep words</w:t></w:p>"),
            "word/theme/theme1.xml": "<a:t>words in the theme</a:t>",
        }
    )
    text = attached(mail(a_docx=("application/octet-stream", document)))
    for expected in ("Shown", "a comment", "an endnote", "a property", "https://chat.example/x?a=1&b=2", "deep words",
                     "words in the theme"):  # fmt: skip
        assert expected in text
    assert "styles.xml" not in text


def test_a_file_beside_a_document_in_an_archive_is_read() -> None:
    archive = zipped(content_xml="<text:p>open words</text:p>", note_txt=WORDS)
    assert "tell nobody" in attached(mail(a_zip=("application/zip", archive)))


def annotated_pdf() -> bytes:
    from pypdf.annotations import Link, Text

    writer = PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.add_annotation(0, Text(rect=(0, 0, 9, 9), text="a note on the page"))
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="https://chat.example/room"))
    writer.add_metadata({"/Subject": "a property of it"})
    writer.add_attachment("inner.txt", b"words of a file in it")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_notes_links_properties_and_files_of_a_pdf_are_read() -> None:
    text = attached(mail(a_pdf=("application/pdf", annotated_pdf())))
    for expected in (
        "Meet me alone",
        "a note on the page",
        "https://chat.example/room",
        "a property of it",
        "of a file in it",
    ):
        assert expected in text


def test_file_names_are_read() -> None:
    assert "send nudes" in attached(mail(**{"send-nudes_png": ("image/png", b"\x89PNG")}))
    assert "keep quiet" in attached(mail(a_zip=("application/zip", zipped(keep_quiet_png=b"\x89PNG"))))
