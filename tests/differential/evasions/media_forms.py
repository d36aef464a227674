"""PDF, Outlook messages, sealed messages, pictures and sound that hide a sentence."""

from __future__ import annotations

import io
import random
import struct
import zlib
from urllib.parse import quote

from PIL import Image, ImageDraw, PngImagePlugin

from tests.classifiers.extract.sample_files import compound
from tests.differential.evasions.hidden_file import HiddenFile, MakeFile, text_bytes


def make_pdf(text: str, place: str = "page") -> bytes:
    """A PDF with the text at a place."""
    plain = text.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    wide = b"<FEFF" + text.encode("utf-16-be").hex().encode() + b">"
    drawn = {
        "page": b"BT /F1 12 Tf 20 200 Td (%s) Tj ET" % plain,
        "letters": b"BT /F1 12 Tf 20 200 Td [%s] TJ ET" % b"".join(b"(%c)-20" % byte for byte in plain),
        "hexadecimal": b"BT /F1 12 Tf 20 200 Td <%s> Tj ET" % text.encode("latin-1", "replace").hex().encode(),
        "invisible": b"BT 3 Tr /F1 12 Tf 20 200 Td (%s) Tj ET" % plain,
        "off the page": b"BT /F1 12 Tf 20 9200 Td (%s) Tj ET" % plain,
        "tiny": b"BT /F1 0.5 Tf 20 200 Td (%s) Tj ET" % plain,
        "white": b"1 g BT /F1 12 Tf 20 200 Td (%s) Tj ET" % plain,
    }.get(place, b"BT /F1 12 Tf 20 200 Td (Practice schedule) Tj ET")
    packed = zlib.compress(drawn)
    page = b"/Annots [6 0 R]" if place in ("annotation", "field", "link", "tooltip") else b""
    annotation = {
        "annotation": b"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents %s>>" % wide,
        "field": b"<</Type/Annot/Subtype/Widget/FT/Tx/Rect[0 0 99 20]/V %s/T(a)>>" % wide,
        "tooltip": b"<</Type/Annot/Subtype/Widget/FT/Tx/Rect[0 0 99 20]/TU %s/T(a)>>" % wide,
        "link": b"<</Type/Annot/Subtype/Link/Rect[0 0 99 20]/A<</S/URI/URI(https://a.example/%s)>>>>"
        % quote("-".join(text.split())).encode(),
    }.get(place, b"<<>>")
    root = {
        "outline": b"/Outlines<</First 7 0 R/Last 7 0 R/Count 1>>",
        "attachment": b"/Names<</EmbeddedFiles<</Names[(a.txt)8 0 R]>>>>",
        "script": b"/OpenAction<</S/JavaScript/JS %s>>" % wide,
    }.get(place, b"")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>%s>>" % page,
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        annotation,
        b"<</Title %s>>" % wide,
        b"<</Type/Filespec/F(a.txt)/EF<</F 9 0 R>>>>",
        b"<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream" % (len(text_bytes(text)), text_bytes(text)),
        b"<</Title %s>>" % (wide if place == "title" else b"(plan)"),
    ]
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, item in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out) + b"trailer<</Size %d/Root 1 0 R/Info 10 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, at)


def _pdf(place: str) -> MakeFile:
    def make(rng: random.Random, text: str) -> HiddenFile:
        data = make_pdf(text, place)
        if rng.random() < 0.2:
            data = rng.choice([b"\0" * 30, b"junk before it\n"]) + data
        return HiddenFile("plan.pdf", rng.choice(["application/pdf", "application/octet-stream", "image/png"]), data)

    return make


# Mails, calendars, contacts, Outlook


def _tnef(_: random.Random, text: str) -> HiddenFile:
    def attribute(number: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BHHI", 1, number, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    body = text.encode("utf-16-le") + b"\0\0"
    properties = struct.pack("<IHHII", 1, 0x1F, 0x1000, 1, len(body)) + body.ljust(-(-len(body) // 4) * 4, b"\0")
    return HiddenFile(
        "winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00" + attribute(0x9003, 6, properties)
    )


def _msg(_: random.Random, text: str) -> HiddenFile:
    streams = {
        "__substg1.0_0037001F": "plan".encode("utf-16-le"),
        "__substg1.0_1000001F": (text + " " * 4096).encode("utf-16-le"),
    }
    return HiddenFile("mail.msg", "application/octet-stream", compound(streams))


def make_p7m(content: bytes) -> bytes:
    """An opaque signed message (RFC 8551 section 3.5.2), without a certificate."""

    def der(tag: int, *values: bytes) -> bytes:
        value = b"".join(values)
        size = len(value)
        length = bytes([size]) if size < 128 else bytes([0x80 | 4]) + size.to_bytes(4)
        return bytes([tag]) + length + value

    data, signed = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    inner = der(0x30, data, der(0xA0, der(0x04, content)))
    return der(0x30, signed, der(0xA0, der(0x30, der(2, b"\1"), der(0x31), inner, der(0x31))))


def _p7m(rng: random.Random, text: str) -> HiddenFile:
    content = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text_bytes(text) + b"\r\n"
    name, kind = rng.choice([("smime.p7m", "application/pkcs7-mime"), ("note.p7m", "application/octet-stream")])
    return HiddenFile(name, kind, make_p7m(content))


# Pictures and sound


def drawn(text: str, size: int = 14) -> Image.Image:
    """A picture of the text."""
    lines = [text[at : at + 40] for at in range(0, len(text), 40)]
    picture = Image.new("RGB", (360, 24 * len(lines) + 20), "white")
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((10, 10 + 24 * number), line.encode("latin-1", "replace").decode("latin-1"), fill="black")
    return picture


def saved_picture(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _picture(form: str) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(f"a.{form.lower()}", f"image/{form.lower()}", saved_picture(drawn(text), form))

    return make


def _code(rng: random.Random, text: str) -> HiddenFile:
    """Squares like those of a QR code."""
    picture = Image.new("1", (29, 29), 1)
    bits = random.Random(text)
    picture.putdata([bits.getrandbits(1) * 255 for _ in range(29 * 29)])
    return HiddenFile("code.png", "image/png", saved_picture(picture.resize((174, 174)), "PNG"))


def _png_text(_: random.Random, text: str) -> HiddenFile:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Description", text)
    return HiddenFile("a.png", "image/png", saved_picture(Image.new("RGB", (9, 9)), "PNG", pnginfo=info))


def _jpeg_exif(_: random.Random, text: str) -> HiddenFile:
    exif = Image.Exif()
    exif[0x010E] = text.encode("ascii", "replace").decode()
    exif[0x9C9C] = text.encode("utf-16-le")
    return HiddenFile("a.jpg", "image/jpeg", saved_picture(Image.new("RGB", (9, 9)), "JPEG", exif=exif))


def _jpeg_comment(_: random.Random, text: str) -> HiddenFile:
    return HiddenFile("a.jpg", "image/jpeg", saved_picture(Image.new("RGB", (9, 9)), "JPEG", comment=text_bytes(text)))


def _gif_comment(_: random.Random, text: str) -> HiddenFile:
    return HiddenFile(
        "a.gif", "image/gif", saved_picture(Image.new("L", (9, 9)), "GIF", comment=text_bytes(text)[:255])
    )


def _after_picture(_: random.Random, text: str) -> HiddenFile:
    return HiddenFile("a.png", "image/png", saved_picture(Image.new("RGB", (9, 9)), "PNG") + text_bytes(text))


def _id3(_: random.Random, text: str) -> HiddenFile:
    frame = b"\3" + text_bytes(text)
    tag = b"TIT2" + struct.pack(">IH", len(frame), 0) + frame
    size = len(tag)
    head = b"ID3\3\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    return HiddenFile("a.mp3", "audio/mpeg", head + tag + b"\xff\xfb\x90\0" + bytes(413))


def _wav(_: random.Random, text: str) -> HiddenFile:
    info = b"INFOICMT" + struct.pack("<I", len(text_bytes(text))) + text_bytes(text)
    body = b"WAVELIST" + struct.pack("<I", len(info)) + info
    return HiddenFile("a.wav", "audio/wav", b"RIFF" + struct.pack("<I", len(body)) + body)


def _film(_: random.Random, text: str) -> HiddenFile:
    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data) + 8) + kind + data

    data = box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", box(b"udta", box(b"name", text_bytes(text))))
    return HiddenFile("a.mp4", "video/mp4", data)


def _yenc(_: random.Random, text: str) -> HiddenFile:
    raw = bytes((byte + 42) & 255 for byte in text_bytes(text))
    body = b"=ybegin line=128 size=%d name=a.txt\r\n%s\r\n=yend size=%d\r\n" % (len(raw), raw, len(raw))
    return HiddenFile("a.ync", "application/octet-stream", body)


MEDIA_FILES: dict[str, MakeFile] = {
    "winmail": _tnef, "msg": _msg, "p7m": _p7m, "yenc": _yenc, "code": _code, "png text": _png_text, "exif": _jpeg_exif,
    "jpeg comment": _jpeg_comment, "gif comment": _gif_comment, "after a picture": _after_picture, "id3": _id3, "wav": _wav,
    "film": _film,
    **{f"picture {form}": _picture(form) for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")},
    **{f"pdf {place}": _pdf(place) for place in (
        "page", "letters", "hexadecimal", "invisible", "off the page", "tiny", "white", "annotation", "field",
        "tooltip", "link", "outline", "attachment", "script", "title",
    )},
}  # fmt: skip
