"""Pictures are verified by a decoder, and the texts inside are read."""

from __future__ import annotations

import io
import random
import re
import struct
import zlib

import pytest
import segno
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from classifiers.extract.file_types import FileType, detect_file_type
from classifiers.extract.readers.pictures import read_picture
from classifiers.extract.readers.reading import TOO_LARGE
from tests.classifiers.extract.sample_files import photo


def drawn(text: str = "", size: tuple[int, int] = (300, 60), letters: float = 16, media: str = "PNG") -> bytes:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((5, 5), text, fill="black", font=ImageFont.load_default(letters))
    out = io.BytesIO()
    image.save(out, media)
    return out.getvalue()


def shows_words(data: bytes) -> bool:
    content, shows = read_picture(data)
    assert not content.failed
    return shows


def _blocks_with(text: bytes) -> dict[str, bytes]:
    """Pictures with a text in a block that programs pass over."""
    png, jpeg, gif, webp, bmp = (drawn(size=(9, 9), media=media) for media in ("PNG", "JPEG", "GIF", "WEBP", "BMP"))

    def chunk(data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + b"prIv" + data + struct.pack(">I", zlib.crc32(b"prIv" + data))

    start = int.from_bytes(bmp[10:14], "little")
    note = b"NOTE" + struct.pack("<I", len(text)) + text
    return {
        "png": png[:33] + chunk(text) + png[33:],
        "packed": png[:33] + chunk(zlib.compress(text)) + png[33:],
        "a word each": png[:33] + b"".join(map(chunk, text.split())) + png[33:],
        "16 bits": png[:33] + chunk(text.decode().encode("utf-16-le")) + png[33:],
        "jpeg": jpeg[:2] + b"\xff\xe9" + struct.pack(">H", len(text) + 2) + text + jpeg[2:],
        "gif": gif[:-1] + b"!\x01\x0c" + bytes(12) + bytes([len(text)]) + text + b"\0;",
        "webp": b"RIFF" + struct.pack("<I", len(webp) + len(text)) + webp[8:] + note,
        "bmp": bmp[:10] + struct.pack("<I", start + len(text)) + bmp[14:start] + text + bmp[start:],
    }  # fmt: skip


@pytest.mark.parametrize("name", list(_blocks_with(b"")))
def test_text_in_a_block_beside_the_pixels_is_read(name: str) -> None:
    text = "Meet me alone tonight and delete this."
    content, _ = read_picture(_blocks_with(text.encode())[name])
    assert any(text in hidden for hidden in content.hidden)
    assert read_picture(_blocks_with(b"Photo of the team, 2025, all rights")[name])[0].hidden == []


@pytest.mark.parametrize(("duration", "shows"), [(500, True), (40, False)])
def test_a_film_of_a_letter_a_frame_may_show_words(duration: int, shows: bool) -> None:
    frames = [Image.open(io.BytesIO(drawn(letter, (40, 40)))) for letter in "meetmealonetonight"]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=duration)
    assert shows_words(out.getvalue()) is shows


@pytest.mark.parametrize("letters", [8, 9, 10, 12, 16, 24, 40])
@pytest.mark.parametrize("text", ["meet me alone", "5155550123"])
def test_a_small_picture_with_letters_may_show_words(text: str, letters: int) -> None:
    assert shows_words(drawn(text, letters=letters))
    assert shows_words(drawn(text, letters=letters, media="JPEG"))


@pytest.mark.parametrize("letters", [8, 12, 40])
@pytest.mark.parametrize("text", ["KIPP", "UNI", "hey"])
def test_a_small_picture_with_a_few_letters_is_an_emblem(text: str, letters: int) -> None:
    assert not shows_words(drawn(text, letters=letters))


@pytest.mark.parametrize("text", ["HI", "+15155550123", "https://chat.example/join", "meet me alone tonight"])
@pytest.mark.parametrize("media", ["PNG", "JPEG"])
def test_a_small_picture_of_a_code_may_show_words(text: str, media: str) -> None:
    saved, out = io.BytesIO(), io.BytesIO()
    segno.make(text, micro=False).save(saved, kind="png", scale=4)
    with Image.open(saved) as code:
        code.convert("RGB").resize((100, 100)).save(out, media)
    assert shows_words(saved.getvalue())
    assert shows_words(out.getvalue())


def test_pictures_without_writing_do_not() -> None:
    assert not shows_words(drawn())
    logo = Image.new("RGB", (120, 120), "white")
    ImageDraw.Draw(logo).ellipse((10, 10, 110, 110), fill="blue", outline="gold", width=6)
    out = io.BytesIO()
    logo.save(out, "PNG")
    assert not shows_words(out.getvalue())
    assert not shows_words(photo("PNG", (16, 16)))
    assert not shows_words(photo("GIF", (500, 3)))


def test_writing_in_a_later_frame_counts() -> None:
    frames = [Image.new("L", (200, 60), 255) for _ in range(5)]
    ImageDraw.Draw(frames[4]).text((5, 5), "meet me alone", fill=0, font=ImageFont.load_default(16))
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert shows_words(out.getvalue())


def test_large_page_behind_small_ones_is_not_decoded() -> None:
    """It may show words. Decoded, it would take seconds and a gigabyte."""
    out = io.BytesIO()
    pages = [Image.new("1", size) for size in ((40, 40), (20_000, 20_000))]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    assert len(out.getvalue()) < 50_000
    assert shows_words(out.getvalue())


@pytest.mark.parametrize(("number", "odd"), [(0, b""), (0, b"\x99"), (1, b"")])
def test_canvas_of_a_gif_grows_with_its_frames(number: int, odd: bytes) -> None:
    out = io.BytesIO()
    frames = [Image.new("L", (40, 40), level) for level in (255, 0)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    data = bytearray(out.getvalue())
    frame = [found.start() for found in re.finditer(rb"\x2c\0\0\0\0", data)][number]
    data[frame + 5 : frame + 9] = b"\0\x40\0\x40"
    data[frame:frame] = odd
    content, shows = read_picture(bytes(data))
    assert TOO_LARGE in content.failed
    assert not shows


def test_texts_inside_pictures_are_hidden_text() -> None:
    words = PngInfo()
    for number, word in enumerate(("please", "meet", "me", "alone", "tonight")):
        words.add_text(f"Key{number}", word)
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG", pnginfo=words)
    assert read_picture(out.getvalue())[0].hidden == ["please meet me alone tonight"]
    texts = PngInfo()
    texts.add_text("Comment", "meet me alone", zip=True)
    texts.add_itxt("Title", "tell nobody about it")
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG", pnginfo=texts)
    content, _ = read_picture(out.getvalue())
    assert {"meet me alone", "tell nobody about it"} <= set(content.hidden)
    exif = Image.Exif()
    exif[0x010E] = "keep it between us"
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "JPEG", exif=exif, comment=b"our little secret")
    content, _ = read_picture(out.getvalue())
    assert {"keep it between us", "our little secret"} <= set(content.hidden)


@pytest.mark.parametrize("media", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_bytes_after_a_picture_are_a_file(media: str) -> None:
    content, _ = read_picture(photo(media) + b"words after the end")
    assert [file.data for file in content.files] == [b"words after the end"]
    assert not list(read_picture(photo(media))[0].files)


def _saved(image: Image.Image, media: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, media, **options)
    return out.getvalue()


def _note(ink: int = 0, ground: int = 255, size: tuple[int, int] = (300, 60)) -> Image.Image:
    image = Image.new("L", size, ground)
    ImageDraw.Draw(image).text((5, 5), "meet me alone tonight", fill=ink, font=ImageFont.load_default(16))
    return image


def _among_noise(image: Image.Image) -> Image.Image:
    source = random.Random(7)
    noise = [tuple(source.randint(-2, 2) for _ in range(3)) for _ in range(image.width * image.height)]
    levels = zip(image.tobytes(), noise, strict=True)
    return Image.frombytes("RGB", image.size, bytes(level + step for level, steps in levels for step in steps))


def _icon(large: Image.Image, small: Image.Image) -> bytes:
    pictures, at, entries = [_saved(large), _saved(small)], 38, b""
    for image, data in zip((large, small), pictures, strict=True):
        entries += struct.pack("<BBBBHHII", image.width % 256, image.height % 256, 0, 0, 1, 32, len(data), at)
        at += len(data)
    return struct.pack("<HHH", 0, 1, 2) + entries + b"".join(pictures)


def _clear(media: str) -> bytes:
    image = _note().convert("RGBA")
    image.putalpha(0)
    return _saved(image, media)


@pytest.mark.parametrize(
    "data",
    [
        _saved(_note().convert("I").point(lambda level: level * 128 + 0x7000).convert("I;16")),
        _saved(_note().convert("F"), "TIFF"),
        _clear("PNG"), _clear("TIFF"), _saved(_among_noise(_note(228, 245))),
        _icon(Image.new("RGB", (256, 256)), _note(size=(190, 40)).convert("RGB")),
        _saved(_note(120, size=(1_300, 1_000)), "JPEG"),
    ],
    ids=["16 bits", "32 bits", "clear png", "clear tiff", "among noise", "smaller icon", "large photo"],
)  # fmt: skip
def test_writing_that_some_programs_show_counts(data: bytes) -> None:
    assert shows_words(data)


def test_noise_of_one_color_shows_nothing() -> None:
    assert not shows_words(_saved(_among_noise(Image.new("L", (300, 60), 245))))


def test_a_tiny_picture_with_lines_of_letters_may_show_words() -> None:
    image = Image.new("L", (31, 31), 255)
    for at, line in enumerate(("come", "alon", "soon")):
        ImageDraw.Draw(image).text((0, 9 * at), line, fill=0, font=ImageFont.load_default(7))
    assert shows_words(_saved(image))


def test_the_small_picture_of_a_photo_is_a_file() -> None:
    """Folders show it instead of the photo."""
    photo_data, small = _saved(Image.new("RGB", (600, 400)), "JPEG"), _saved(_note(), "JPEG")
    segment = b"Exif\0\0II*\0\x08\0\0\0" + bytes(20) + small
    data = photo_data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + photo_data[2:]
    content, shows = read_picture(data)
    assert not shows
    assert [file.data for file in content.files] == [small]


@pytest.mark.parametrize("head", ["P1\n%d %d\n", "P1 # plan\n%d %d\n", "P2 %d %d 1\n", "P2\t%d\n#\n%d\n1\n"])
def test_portable_bitmaps_in_digits_are_pictures(head: str) -> None:
    image = _note()
    ink, ground = ("1", "0") if head.startswith("P1") else ("0", "1")
    data = head % image.size + " ".join(ink if level < 128 else ground for level in image.tobytes()) + "\n"
    assert detect_file_type(data.encode()) is FileType.PICTURE
    assert shows_words(data.encode())
    assert detect_file_type(b"P1 starts at noon, P2 at 2 3 days a week.") is FileType.TEXT


def test_text_inside_a_picture_of_photoshop_is_read() -> None:
    said = "come to me alone tonight and tell nobody"
    text = b"/Text (\xfe\xff" + f"{said}\r".encode("utf-16-be") + b")"
    block = b"8BIM" + struct.pack(">HHI", 1050, 0, len(text)) + text + bytes(len(text) % 2)
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHHI", 3, 9, 9, 8, 3, 0)
    content, _ = read_picture(head + struct.pack(">I", len(block)) + block + bytes(6 + 9 * 9 * 3))
    assert said in "\n".join(content.hidden)


def test_keywords_and_keys_of_a_word_each_are_read_together() -> None:
    said = "come to me alone tonight and tell nobody about it"
    exif = Image.Exif()
    exif[0x9C9E] = ";".join(said.split()).encode("utf-16-le") + b"\0\0"
    keys = PngInfo()
    for word in said.split():
        keys.add_text(word, "x")
    white = Image.new("RGB", (8, 8), "white")
    for data in (_saved(white, "JPEG", exif=exif), _saved(white, pnginfo=keys)):
        content, _ = read_picture(data)
        assert said in "\n".join(content.hidden).replace(";", "")
