"""Pictures, drawings, films and sound that hide a sentence."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from html import escape

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from tests.differential.evasions.ciphers import SEEN
from tests.differential.evasions.hidden_file import HiddenFile, MakeFile, text_bytes
from tests.differential.evasions.media_forms import drawn, saved_picture


def _bytes(name: str, media_type: str, make_data: Callable[[str], bytes]) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(name, media_type, make_data(text))

    return make


def _midi(text: str) -> bytes:
    track = (
        b"".join(b"\0\xff\x05" + bytes([len(text_bytes(word)) + 1]) + text_bytes(word) + b" " for word in text.split())
        + b"\0\xff\x2f\0"
    )
    return b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk" + struct.pack(">I", len(track)) + track


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_with(kind: bytes, make_data: Callable[[str], bytes]) -> Callable[[str], bytes]:
    def make(text: str) -> bytes:
        plain = saved_picture(Image.new("RGB", (9, 9)), "PNG")
        return plain[:33] + _png_chunk(kind, make_data(text)) + plain[33:]

    return make


def _gif_plain_text(text: str) -> bytes:
    plain = saved_picture(Image.new("L", (9, 9)), "GIF")
    block = b"\x21\x01\x0c" + bytes(12) + bytes([min(len(text_bytes(text)), 255)]) + text_bytes(text)[:255] + b"\0"
    return plain[:-1] + block + b";"


def _jpeg_segment(marker: int, make_data: Callable[[str], bytes]) -> Callable[[str], bytes]:
    def make(text: str) -> bytes:
        plain = saved_picture(Image.new("RGB", (9, 9)), "JPEG")
        data = make_data(text)
        return plain[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data + plain[2:]

    return make


def _iptc(text: str) -> bytes:
    value = text_bytes(text)
    record = b"\x1c\x02\x78" + struct.pack(">H", len(value)) + value
    record += b"\0" * (len(record) % 2)
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record


def _frames(text: str) -> bytes:
    """A film of letters: one in each frame."""
    font = ImageFont.load_default(20)
    frames = []
    for letter in text[:45]:
        frame = Image.new("L", (60, 60), 255)
        ImageDraw.Draw(frame).text((20, 15), letter, fill=0, font=font)
        frames.append(frame)
    return saved_picture(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=500)


def _faint(text: str) -> bytes:
    picture = Image.new("RGB", (360, 140), (250, 250, 250))
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(text[at : at + 40] for at in range(0, len(text), 40)):
        pen.text((10, 10 + 24 * number), line.encode("latin-1", "replace").decode("latin-1"), fill=(228, 228, 228))
    return saved_picture(picture, "PNG")


def _svg_paths(text: str) -> bytes:
    rows = SEEN["banner of hashes"](text).splitlines()
    squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dot in enumerate(row) if dot == "#")
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 200"><path d="{squares}"/></svg>'.encode()


def _svg_rects(text: str) -> bytes:
    rows = SEEN["banner of hashes"](text).splitlines()
    squares = "".join(
        f'<rect x="{x}" y="{y}" width="1" height="1"/>'
        for y, row in enumerate(rows)
        for x, dot in enumerate(row)
        if dot == "#"
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 200">{squares}</svg>'.encode()


def _id3(frame_id: bytes, make_data: Callable[[str], bytes]) -> Callable[[str], bytes]:
    def make(text: str) -> bytes:
        data = make_data(text)
        tag = frame_id + struct.pack(">IH", len(data), 0) + data
        size = len(tag)
        return (
            b"ID3\3\0\0"
            + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
            + tag
            + b"\xff\xfb\x90\0"
            + bytes(413)
        )

    return make


def _itxt(text: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Title", text, zip=True)
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


DRAWINGS: dict[str, MakeFile] = {
    "png zTXt": _bytes("a.png", "image/png", _png_with(b"zTXt", lambda text: b"Comment\0\0" + zlib.compress(text_bytes(text)))), "png tEXt key": _bytes("a.png", "image/png", _png_with(b"tEXt", lambda text: text_bytes(text)[:79] + b"\0x")),
    "png unknown chunk": _bytes("a.png", "image/png", _png_with(b"prIv", text_bytes)), "png profile": _bytes("a.png", "image/png", _png_with(b"iCCP", lambda text: text_bytes(text)[:79] + b"\0\0" + zlib.compress(b"x"))),
    "png xmp": _bytes("a.png", "image/png", _png_with(b"iTXt", lambda text: b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta><dc:description>" + text_bytes(escape(text)) + b"</dc:description></x:xmpmeta>")),
    "gif plain text": _bytes("a.gif", "image/gif", _gif_plain_text), "jpeg iptc": _bytes("a.jpg", "image/jpeg", _jpeg_segment(0xED, _iptc)), "jpeg xmp": _bytes("a.jpg", "image/jpeg", _jpeg_segment(0xE1, lambda text: b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><dc:title>" + text_bytes(escape(text)) + b"</dc:title></x:xmpmeta>")),
    "jpeg xmp attribute": _bytes("a.jpg", "image/jpeg", _jpeg_segment(0xE1, lambda text: b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description dc:title='" + text_bytes(escape(text)) + b"'/></x:xmpmeta>")), "jpeg app": _bytes("a.jpg", "image/jpeg", _jpeg_segment(0xE9, text_bytes)),
    "film of letters": _bytes("a.gif", "image/gif", _frames), "faint": _bytes("a.png", "image/png", _faint), "turned picture": _bytes("a.png", "image/png", lambda text: saved_picture(drawn(text).rotate(90, expand=True), "PNG")),
    "mirrored picture": _bytes("a.png", "image/png", lambda text: saved_picture(drawn(text).transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG")), "colored picture": _bytes("a.png", "image/png", lambda text: saved_picture(Image.merge("RGB", [drawn(text).getchannel(0), *Image.new("RGB", drawn(text).size, "white").split()[1:]]), "PNG")),
    "palette picture": _bytes("a.png", "image/png", lambda text: saved_picture(drawn(text).convert("P"), "PNG")), "clear picture": _bytes("a.png", "image/png", lambda text: saved_picture(Image.merge("LA", [Image.new("L", drawn(text).size, 0), drawn(text).convert("L").point(lambda level: 255 - level)]), "PNG")),
    "icon": _bytes("a.ico", "image/x-icon", lambda text: saved_picture(drawn(text).resize((256, 120)), "ICO", sizes=[(256, 120)])), "webp lossless": _bytes("a.webp", "image/webp", lambda text: saved_picture(drawn(text), "WEBP", lossless=True)), "avif": _bytes("a.avif", "image/avif", lambda text: saved_picture(drawn(text), "AVIF")),
    "jpeg 2000": _bytes("a.jp2", "image/jp2", lambda text: saved_picture(drawn(text), "JPEG2000")), "tga": _bytes("a.tga", "image/x-tga", lambda text: saved_picture(drawn(text), "TGA")), "pcx": _bytes("a.pcx", "image/x-pcx", lambda text: saved_picture(drawn(text), "PCX")), "xbm": _bytes("a.xbm", "image/x-xbitmap", lambda text: saved_picture(drawn(text).convert("1"), "XBM")),
    "picture of pdf": _bytes("a.pdf", "application/pdf", lambda text: saved_picture(drawn(text), "PDF")), "eps": _bytes("a.eps", "application/postscript", lambda text: saved_picture(drawn(text), "EPS")), "svg of paths": _bytes("a.svg", "image/svg+xml", _svg_paths), "svg of squares": _bytes("a.svg", "image/svg+xml", _svg_rects),
    "tiff second page": _bytes("a.tiff", "image/tiff", lambda text: saved_picture(Image.new("RGB", (60, 60), "white"), "TIFF", save_all=True, append_images=[drawn(text)])), "tiff tag": _bytes("a.tiff", "image/tiff", lambda text: saved_picture(Image.new("RGB", (9, 9)), "TIFF", description=text.encode("ascii", "replace").decode())),
    "text as banner": _bytes("a.txt", "text/plain", lambda text: text_bytes(SEEN["banner of blocks"](text))), "id3 lyrics": _bytes("a.mp3", "audio/mpeg", _id3(b"USLT", lambda text: b"\3eng\0" + text_bytes(text))), "id3 comment": _bytes("a.mp3", "audio/mpeg", _id3(b"COMM", lambda text: b"\1eng\0\0" + text.encode("utf-16"))),
    "midi lyrics": _bytes("a.mid", "audio/midi", _midi), "flac comment": _bytes("a.flac", "audio/flac", lambda text: b"fLaC\x84" + struct.pack(">I", len(text_bytes(text)) + 12)[1:] + bytes(4) + struct.pack("<II", 1, len(text_bytes(text))) + text_bytes(text)), "ogg": _bytes("a.ogg", "audio/ogg", lambda text: b"OggS" + bytes(60) + text_bytes(text)),
    "mkv": _bytes("a.mkv", "video/x-matroska", lambda text: b"\x1a\x45\xdf\xa3" + bytes(40) + text_bytes(text)), "avi": _bytes("a.avi", "video/x-msvideo", lambda text: b"RIFF" + struct.pack("<I", 12 + len(text_bytes(text))) + b"AVI LIST" + text_bytes(text)), "aiff": _bytes("a.aiff", "audio/aiff", lambda text: b"FORM" + struct.pack(">I", 12 + len(text_bytes(text))) + b"AIFFANNO" + struct.pack(">I", len(text_bytes(text))) + text_bytes(text)),
    "text as webp": _bytes("a.webp", "image/webp", lambda text: b"RIFF" + text_bytes(text)), "text as font": _bytes("a.ttf", "font/ttf", lambda text: b"\0\1\0\0\0\1\0\0\0\0\0\0name\0\0\0\0" + struct.pack(">II", 28, len(text_bytes(text))) + text_bytes(text)), "png itxt": _bytes("a.png", "image/png", _itxt),
}  # fmt: skip
