"""Pictures: a decoder verifies that the bytes are one, and comments, titles and other texts inside are read.

A picture whose words nobody read is `pictured`. One that cannot show words is not: it is tiny, of one color, or small
and without anything like writing. The result for a picture that comes again, such as a logo, is cached.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from typing import Any

from classifiers.extract.parser_errors import PARSER_ERRORS
from classifiers.extract.readers.picture_blocks import blocks_beside_pixels, gif_extent, picture_end
from classifiers.extract.readers.reading import TOO_LARGE, UNREADABLE, FileContent, InnerFile
from classifiers.extract.readers.records import keep_sentences
from classifiers.extract.readers.text_runs import text_runs
from classifiers.extract.readers.words_in_values import has_words, is_address_to_somebody
from classifiers.extract.readers.writing import MAX_PIXELS as MAX_LOOKED_AT
from classifiers.extract.readers.writing import letters_at_most, may_be_code, may_show_writing
from gateway.core.mime.charsets.decoding import to_text

MAX_PIXELS = 120_000_000
"""Pixels of a picture that is decoded. JPEG is decoded at a quarter of its width."""
_MAX_DECODED = 20_000_000
"""Pixels that are decoded of one picture, over all frames."""
_MAX_DRAFT = 1_000_000
"""Pixels above which a JPEG is decoded at a quarter of its width."""
_CACHE_SIZE = 256
_MAX_CACHED = 300_000
"""Bytes of a picture, at most, for its result to be cached."""
_cache: OrderedDict[bytes, tuple[FileContent, bool]] = OrderedDict()
MIN_SIDE = 18
"""Pixels: a picture smaller than this in both directions shows no words. A page may show it many times as large."""
_MIN_HEIGHT = 6
"""Pixels of the shorter side below which no letter can be read: rules and spacers."""
_MAX_LOGO = 86_000
"""Pixels of a logo, at most: a tenth of a page on a screen."""
_MIN_SENTENCE = 14
"""Of `letters_at_most`, from which a small picture may say something: about seven letters. An emblem has fewer."""
_SLOW = 200
"""Milliseconds from which a frame of a film may show a letter for somebody to read."""
_SAME = 24
"""Levels (of 255) within which a picture counts as of one color."""
_FEW_COLORS, _NOISE = 32, 8
"""Colors that somebody drew, and levels within which many more are the noise of one."""
_MAX_SIZES = 6
_XMP_VALUE = re.compile(
    r"\b(?:dc|photoshop|exif|tiff|Iptc4xmp\w{2,8}|xmpRights|lr):\w{2,40}\s*=\s*(?:\"([^\"]{4,})\"|'([^']{4,})')"
)
"""A value of a picture's description that stands in an attribute."""
_IPTC_TEXTS = frozenset({5, 25, 40, 80, 85, 90, 105, 110, 115, 116, 120, 122})
"""Numbers of titles, captions, keywords and names in the application record (IPTC IIM section 6)."""
_EXIF_TEXTS = {
    0x010E: "description", 0x013B: "artist", 0x8298: "copyright", 0x9286: "comment", 0x9C9B: "title", 0x9C9C: "comment",
    0x9C9D: "author", 0x9C9E: "keywords", 0x9C9F: "subject", 0x010D: "document", 0x011D: "page", 0x4748: "text",
}  # fmt: skip
_KEYWORDS = 0x9C9E
"""The tag of keywords, which programs show apart."""
_LETTERS = re.compile(r"[^\W\d_]")
_EXIF_FOLDER = 0x8769
_MIN_BLANKS = 4
"""Blanks in a sentence among other bytes, which may be letters by chance."""
_WRITTEN = re.compile("[^\0-\x1f\x7f-\x9f\ufffd]{5,}")
"""What may be written among other bytes of a block."""
_MAX_TEXT = 20_000
_MAX_FRAMES = 50
_LIBREOFFICE_METAFILE = b"VCLMTF"
"""Begins the previews of charts and tables in OpenDocument files."""
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "ICO", "JPEG2000", "AVIF", "PSD", "TGA", "PPM", "ICNS", "DIB")


def read_picture(data: bytes) -> tuple[FileContent, bool]:
    """The content of a picture, and whether it is one that may show words."""
    if len(data) > _MAX_CACHED:
        return _read_picture(data)
    key = sha256(data).digest()
    if key in _cache:
        _cache.move_to_end(key)
    else:
        _cache[key] = _read_picture(data)
        if len(_cache) > _CACHE_SIZE:
            _cache.popitem(last=False)
    content, shows_words = _cache[key]
    return deepcopy(content), shows_words


def _read_picture(data: bytes) -> tuple[FileContent, bool]:
    content = FileContent("picture")
    end = picture_end(data)
    rest = data[end:] if end else b""
    if rest.strip(b"\0 \r\n"):
        content.files = [InnerFile("", rest)]
    try:
        return content, _decode(data, content)
    except PARSER_ERRORS:
        pass
    if _has_boxes(data):
        content.kind = "picture in a container"
        return content, True
    if (records := _metafile_texts(data)) is not None:
        content.kind = "metafile"
        content.text.extend(records)
        return content, True
    if data.startswith(_LIBREOFFICE_METAFILE):
        content.kind = "metafile"
        return content, True
    content.fail(UNREADABLE, "a picture that cannot be decoded")
    return content, False


def may_show_words(data: bytes) -> bool:
    """Whether the picture inside a page may show words."""
    content, shows_words = read_picture(data)
    return shows_words or bool(content.failed)


def _decode(data: bytes, content: FileContent) -> bool:
    """Decode a picture and read its texts. Returns whether it may show words. Raises what decoders raise."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # bounded below
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if picture.format == "GIF":  # decoders pass over odd bytes between its blocks, and we may not
                width, height = map(max, picture.size, gif_extent(data))
            content.kind = f"picture {width}x{height}"
            if width * height > MAX_PIXELS:
                content.fail(TOO_LARGE, "a picture with too many pixels")
                return False
            if width * height > _MAX_DRAFT:
                picture.draft("RGB", (max(width // 4, 1), max(height // 4, 1)))
            pixels = width * height if picture.format == "GIF" else picture.size[0] * picture.size[1]
            if pixels > _MAX_DECODED:
                content.fail(TOO_LARGE, "a picture with too many pixels")
                return False
            frames = int(getattr(picture, "n_frames", 1))
            is_large = width * height > MAX_LOOKED_AT
            shows_words = _shows_words(picture, is_large=is_large) or any(map(_shows_words, _other_sizes(picture)))
            letters = _slow_letters(picture)
            read, left = 1, _MAX_DECODED - pixels
            while read < min(frames, _MAX_FRAMES) and not shows_words:
                picture.seek(read)
                width, height = max(width, picture.size[0]), max(height, picture.size[1])  # pages differ in size
                left -= max(pixels, picture.size[0] * picture.size[1])
                if left < 0:
                    break
                letters += _slow_letters(picture)
                shows_words = _shows_words(picture) or letters >= _MIN_SENTENCE
                read += 1
            texts = list(_texts(picture))
            known = "\n".join(texts)
            content.hidden += (text for text in _texts_of_blocks(data) if text not in known)
            content.hidden += [text[:_MAX_TEXT] for text in texts if has_words(text)]
            content.hidden += keep_sentences((" ".join(text.strip() for text in texts)[:_MAX_TEXT],))
    if not shows_words:
        content.files = [*content.files, *_previews(data)]
    is_tiny = (width < MIN_SIDE and height < MIN_SIDE) or min(width, height) < _MIN_HEIGHT
    return not is_tiny and (shows_words or read < frames)


def _shows_words(picture: Any, *, is_large: bool = False) -> bool:
    """Whether a picture may show words. `is_large`: it was decoded at a part of its size."""
    picture = _as_seen(picture)
    if _is_one_color(picture):
        picture = _stretched(picture)
        if picture is None:
            return False
    if is_large:
        return True
    if not may_show_writing(picture):
        return False
    is_small = picture.size[0] * picture.size[1] <= _MAX_LOGO
    return not is_small or letters_at_most(picture) >= _MIN_SENTENCE or may_be_code(picture)


def _as_seen(picture: Any) -> Any:
    """A picture as programs show it: with eight bits a color, and without transparency if all of it is transparent."""
    import numpy as np
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        levels = np.asarray(picture, dtype=np.float64)
        low, high = float(levels.min()), float(levels.max())
        return Image.fromarray(((levels - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))
    if picture.mode in ("RGBA", "LA") and picture.getchannel("A").getextrema()[1] == 0:
        return picture.convert("RGB")
    return picture


def _other_sizes(picture: Any) -> Iterator[Any]:
    """The other pictures of an icon."""
    if (icon := getattr(picture, "ico", None)) is not None:
        yield from map(icon.getimage, sorted(icon.sizes() - {picture.size})[-_MAX_SIZES:])


def _slow_letters(picture: Any) -> int:
    """About how many letters a frame of a film may show, if it stands long enough to be read."""
    is_slow = int(picture.info.get("duration") or 0) >= _SLOW and picture.size[0] * picture.size[1] <= _MAX_LOGO
    return 1 if is_slow and letters_at_most(picture) else 0


def _stretched(picture: Any) -> Any:
    """A picture of colors that look alike, with more contrast; many ones without their noise. None if there is none."""
    from PIL import ImageOps

    plain = picture.convert("RGB")
    colors = plain.getcolors(_FEW_COLORS)
    if colors is None:
        plain = plain.convert("L").reduce(2).convert("RGB")
        if all(high - low < _NOISE for low, high in plain.getextrema()):
            return None
    elif len(colors) < 2:
        return None
    return ImageOps.autocontrast(plain)


def _is_one_color(picture: Any) -> bool:
    """Whether all pixels look alike. Transparent pixels count with their color, over white and over black."""
    plain = (
        picture.convert("RGBA") if picture.mode in ("P", "LA", "PA", "RGBA", "La", "RGBa") else picture.convert("RGB")
    )
    extrema = plain.getextrema()
    if len(extrema) == 4:
        if extrema[3][1] == 0:
            return True
        return all(high - low <= _SAME for low, high in extrema)
    return all(high - low <= _SAME for low, high in extrema)


def _texts(picture: Any) -> Iterator[str]:
    """The texts inside: text chunks of PNG, comments of JPEG and GIF, EXIF, XMP. A tag may be one word of several."""
    for key, value in picture.info.items():
        if key in ("exif", "icc_profile", "Software", "software", "photoshop"):
            continue
        text = to_text(value[:_MAX_TEXT]) if isinstance(value, bytes) else value if isinstance(value, str) else ""
        if "<" in text[:200]:
            text = "\n".join(first or second for first, second in _XMP_VALUE.findall(text)) + "\n" + text
            lines = [line.strip() for line in _without_tags(text).split("\n") if _LETTERS.search(line)]
            yield from (line for line in lines if not has_words(line))
            text = "\n".join(filter(has_words, lines))
        yield text[:_MAX_TEXT]
    yield from _iptc_texts(picture)
    exif = picture.getexif()
    for values in (exif, exif.get_ifd(_EXIF_FOLDER)):
        words = (_exif_text(tag, value) for tag, value in sorted(values.items()) if isinstance(value, str))
        yield from keep_sentences((" ".join(words)[:_MAX_TEXT],))
        for tag in sorted(_EXIF_TEXTS.keys() & values.keys()):
            yield _exif_text(tag, values[tag])[:_MAX_TEXT]
        for tag in values.keys() - _EXIF_TEXTS.keys():
            if is_address_to_somebody(name := _exif_text(tag, values[tag])[:_MAX_TEXT]):
                yield name


def _previews(data: bytes) -> Iterator[InnerFile]:
    """The small pictures inside a photo that folders show of it."""
    if data.startswith(b"\xff\xd8"):
        for block in blocks_beside_pixels(data):
            at = block.find(b"\xff\xd8\xff")
            if at >= 0:
                yield InnerFile("", block[at:])


def _texts_of_blocks(data: bytes) -> list[str]:
    """What the blocks of a picture say that are no pixels, such as names and keys, each and together."""
    found: list[str] = []
    words: list[str] = []
    for block in blocks_beside_pixels(data):
        text = to_text(block[:_MAX_TEXT])
        if text.isprintable():
            words.append(text.strip())
        else:
            words += filter(str.isprintable, (text.partition("\0")[0],))
            runs = (*_WRITTEN.findall(text), *text_runs(block[:_MAX_TEXT], narrow=False).split("\n"))
            found += (run for run in runs if run.count(" ") >= _MIN_BLANKS)
    return keep_sentences((*found, *words, " ".join(words)[:_MAX_TEXT]))


def _iptc_texts(picture: Any) -> Iterator[str]:
    if "photoshop" not in picture.info and picture.format != "TIFF":
        return
    from PIL import IptcImagePlugin

    for (record, number), value in (IptcImagePlugin.getiptcinfo(picture) or {}).items():
        if record == 2 and number in _IPTC_TEXTS:
            for item in value if isinstance(value, list) else [value]:
                yield to_text(item[:_MAX_TEXT])


def _without_tags(xml: str) -> str:
    out, depth = [], 0
    for piece in xml.split("<"):
        out.append(piece.partition(">")[2] if depth else piece)
        depth = 1
    return "\n".join(out)


def _exif_text(tag: int, value: object) -> str:
    if isinstance(value, tuple):
        value = bytes(item & 255 for item in value if isinstance(item, int))
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return ""
    if 0x9C9B <= tag <= 0x9C9F:
        text = value.decode("utf-16-le", "replace").rstrip("\0")
        return text.replace(";", "; ") if tag == _KEYWORDS else text
    return to_text(value[8:] if value[:8] in (b"ASCII\0\0\0", b"UNICODE\0", bytes(8)) else value).rstrip("\0")


def _has_boxes(data: bytes) -> bool:
    """Whether a file is a whole sequence of boxes (ISO 14496-12): HEIC and AVIF pictures, film."""
    return boxes_end(data) == len(data)


def boxes_end(data: bytes) -> int:
    """Where the boxes of a file end; 0 if it does not begin with one."""
    if data[4:8] not in (b"ftyp", b"jP  ", b"JXL "):
        return 0
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
        elif size == 0:
            size = len(data) - at
        if size < 8 or at + size > len(data) or not kind.isascii():
            break
        at += size
    return at


def _metafile_texts(data: bytes) -> list[str] | None:
    """The texts that an Enhanced Metafile draws ([MS-EMF]); None if it is not one."""
    if data[40:44] != b" EMF":
        return None
    texts: list[str] = []
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if size < 8 or at + size > len(data):
            return None
        if kind in (83, 84) and size >= 52:
            count, offset = struct.unpack_from("<II", data, at + 44)
            width = 1 if kind == 83 else 2
            raw = data[at + offset : min(at + offset + count * width, at + size)]
            texts.append(raw.decode("cp1252" if width == 1 else "utf-16-le", "replace"))
        if kind == 14:
            return texts
        at += size
    return None
