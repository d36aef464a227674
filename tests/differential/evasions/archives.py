"""Archives, and mails as files, around a file that hides a sentence."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import random
import tarfile

from PIL import Image

from tests.differential.evasions.hidden_file import HiddenFile, zipped
from tests.differential.evasions.media_forms import saved_picture


def in_archive(rng: random.Random, file: HiddenFile) -> HiddenFile:
    """A file inside an archive, or behind other bytes."""
    out = io.BytesIO()
    way = rng.choice(
        "zip zip-comment zip-name zip-before zip-nested tar gz bz2 xz tgz lzma hidden-zip zip-jar eml mht".split()
    )
    name, data = file.name, file.data
    match way:
        case "zip" | "zip-jar":
            return HiddenFile("a.zip" if way == "zip" else "a.jar", "application/zip", zipped({name: data}))
        case "zip-comment":
            return HiddenFile("a.zip", "application/zip", zipped({"a.txt": "plan"}, data[:60_000]))
        case "zip-name":
            return HiddenFile("a.zip", "application/zip", zipped({name: data, "b/c.txt": "x"}))
        case "zip-before":
            return HiddenFile("a.zip", "application/zip", b"MZ\0\0" + bytes(60) + zipped({name: data}))
        case "zip-nested":
            return HiddenFile("a.zip", "application/zip", zipped({"b.zip": zipped({name: data})}))
        case "tar" | "tgz":
            with tarfile.open(fileobj=out, mode="w:gz" if way == "tgz" else "w") as archive:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
            return HiddenFile("a.tar" if way == "tar" else "a.tgz", "application/x-tar", out.getvalue())
        case "gz":
            return HiddenFile(f"{name}.gz", "application/gzip", gzip.compress(data))
        case "bz2":
            return HiddenFile(f"{name}.bz2", "application/x-bzip2", bz2.compress(data))
        case "xz":
            return HiddenFile(f"{name}.xz", "application/x-xz", lzma.compress(data))
        case "lzma":
            return HiddenFile(f"{name}.lzma", "application/x-lzma", lzma.compress(data, lzma.FORMAT_ALONE))
        case "hidden-zip":
            picture = saved_picture(Image.new("RGB", (9, 9)), "PNG")
            return HiddenFile("a.png", "image/png", picture + zipped({name: data}))
        case _:
            encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
            mail = (
                b"From: a@b.example\r\nSubject: plan\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                b'boundary="q"\r\n\r\n--q\r\nContent-Type: %s; name="%s"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s'
                b"\r\n--q--\r\n" % (file.media_type.encode(), name.encode(), encoded)
            )
            return HiddenFile(f"a.{way}", "application/octet-stream", mail)
