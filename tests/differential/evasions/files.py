"""Files that hide a sentence: texts in many forms, and all the others."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import struct
import zlib
from html import escape
from urllib.parse import quote

from tests.classifiers.extract.sample_files import compound
from tests.differential.evasions.hidden_file import HiddenFile, MakeFile, encoded, text_bytes, zipped
from tests.differential.evasions.media_forms import MEDIA_FILES
from tests.differential.evasions.office_forms import OFFICE_FILES
from tests.differential.evasions.pages import PLACES, make_page


def _in_charset(charset: str, mark: bytes = b"", name: str = "note.txt") -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(name, "text/plain", mark + encoded(text, charset)[1])

    return make


def _csv(rng: random.Random, text: str) -> HiddenFile:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=rng.choice(",;\t"))
    words = text.split()
    if rng.random() < 0.5:
        writer.writerow(words)
    else:
        writer.writerows([[number, word] for number, word in enumerate(words)])
    return HiddenFile("grades.csv", "text/csv", text_bytes(out.getvalue()))


def _json(rng: random.Random, text: str) -> HiddenFile:
    value = rng.choice([{"a": {"b": [text]}}, {text: 1}, text, text.split(), dict(enumerate(text.split()))])
    return HiddenFile("data.json", "application/json", json.dumps(value).encode())


def _named(name: str, media_type: str, form: str) -> MakeFile:
    """A text file from a template: `{t}` the text, `{x}` for XML, `{q}` percent-encoded, `{h}` in base64."""

    def make(_: random.Random, text: str) -> HiddenFile:
        filled = form.format(
            t=text, x=escape(text), q=quote(text), h=base64.b64encode(text_bytes(text)).decode(),
            o="\n".join(text.split()), j=json.dumps(text)[1:-1],
        )  # fmt: skip
        return HiddenFile(name, media_type, text_bytes(filled.replace("\n", "\r\n")))

    return make


def _in_lines(name: str, joint: str, head: str = "") -> MakeFile:
    """A text file whose pieces of words a program joins: `joint` stands between them."""

    def make(rng: random.Random, text: str) -> HiddenFile:
        size = rng.choice([2, 3, 5])
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        return HiddenFile(name, "application/octet-stream", text_bytes(f"{head}{joint.join(pieces)}\n"))

    return make


def _page(rng: random.Random, text: str) -> HiddenFile:
    name = rng.choice(["page.html", "page.htm", "page.xhtml", "page.hta", "page", "page.dat"])
    return HiddenFile(name, "text/html", text_bytes(make_page(rng, text, rng.choice(PLACES))))


_OPAQUE: dict[str, MakeFile] = {
    "rar": lambda rng, text: HiddenFile("a.rar", "application/x-rar", b"Rar!\x1a\x07\x01\0" + zlib.compress(text_bytes(text))),
    "zstd": lambda rng, text: HiddenFile("a.zst", "application/zstd", b"\x28\xb5\x2f\xfd" + zlib.compress(text_bytes(text))),
    "cab": lambda rng, text: HiddenFile("a.cab", "application/octet-stream", b"MSCF\0\0\0\0" + zlib.compress(text_bytes(text))),
    "deflated": lambda rng, text: HiddenFile("a.bin", "application/octet-stream", zlib.compress(text_bytes(text))),
    "xored": lambda rng, text: HiddenFile(
        "a.bin", "application/octet-stream", bytes(byte ^ 0xAA for byte in text_bytes(text))
    ),
    "onenote": lambda rng, text: HiddenFile(
        "a.one", "application/onenote",
        bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(64) + text.encode("utf-16-le"),
    ),
    "xlsb": lambda rng, text: HiddenFile(
        "a.xlsb", "application/octet-stream",
        zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\x83\x01\0", "xl/sharedStrings.bin":
              b"\x13\x40\0" + struct.pack("<I", len(text)) + text.encode("utf-16-le")}),
    ),
    "doc without a table": lambda rng, text: HiddenFile(
        "a.doc", "application/msword", compound({"WordDocument": b"\xec\xa5\xc1\0" + bytes(600) + text.encode("utf-16-le")})
    ),
    "publisher": lambda rng, text: HiddenFile(
        "a.pub", "application/x-mspublisher", compound({"Quill": text.encode("utf-16-le") + bytes(4096)})
    ),
    "database": lambda rng, text: HiddenFile("a.db", "application/octet-stream", b"SQLite format 3\0" + bytes(84) + text_bytes(text)),
    "program": lambda rng, text: HiddenFile("a.exe", "application/octet-stream", b"MZ" + bytes(62) + text_bytes(text)),
    "password": lambda rng, text: HiddenFile("a.txt.gpg", "application/octet-stream", b"\x8c\x0d" + bytes(60)),
    "djvu": lambda rng, text: HiddenFile("a.djvu", "image/vnd.djvu", b"AT&TFORM" + bytes(60) + text_bytes(text)),
    "postscript": lambda rng, text: HiddenFile("a.ps", "application/postscript", b"%%!PS\n(%s) show\n" % text_bytes(text)),
    "wmf": lambda rng, text: HiddenFile("a.wmf", "image/wmf", b"\xd7\xcd\xc6\x9a" + bytes(40) + text_bytes(text)),
}  # fmt: skip


FILES: dict[str, MakeFile] = {
    "utf-8": _in_charset("utf-8"),
    "utf-8 with mark": _in_charset("utf-8-sig"),
    "utf-16": _in_charset("utf-16"),
    "utf-16-le without mark": _in_charset("utf-16-le"),
    "utf-16-be without mark": _in_charset("utf-16-be"),
    "utf-32": _in_charset("utf-32"),
    "utf-32-le without mark": _in_charset("utf-32-le"),
    "ebcdic": _in_charset("cp037"),
    "iso-2022-jp": _in_charset("iso-2022-jp"),
    "hz": _in_charset("hz"),
    "no suffix": _in_charset("utf-8", name="note"),
    "dat": _in_charset("utf-8", name="note.dat"),
    "named exe": _in_charset("utf-8", name="note.exe"),
    "named jpg": _in_charset("utf-8", name="note.jpg"),
    "behind a picture's mark": _in_charset("utf-8", b"GIF89a "),
    "behind the mark of bmp": _in_charset("utf-8", b"BM "),
    "behind zeros": _in_charset("utf-8", bytes(20)),
    "markdown": _named("note.markdown", "text/markdown", "# Plan\n\n* {t}\n"),
    "yaml": _named("note.yaml", "application/yaml", "plan:\n  note: >-\n    {o}\n"),
    "xml": _named("note.xml", "application/xml", "<?xml version='1.0'?><a><b c='{x}'>{x}</b></a>"),
    "xml entity": _named("note.xml", "text/xml", "<!DOCTYPE a [<!ENTITY n '{x}'>]><a>&n;</a>"),
    "xml comment": _named("note.xml", "text/xml", "<a><!-- x --><![CDATA[{t}]]></a>"),
    "svg": _named("a.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>{x}</text></svg>"),
    "plist": _named("a.plist", "application/x-plist", "<?xml version='1.0'?><plist><string>{x}</string></plist>"),
    "rss": _named("a.rss", "application/rss+xml", "<rss><item><description>{x}</description></item></rss>"),
    "kml": _named("a.kml", "application/xml", "<kml><Placemark><name>{x}</name></Placemark></kml>"),
    "gpx": _named("a.gpx", "application/gpx+xml", "<gpx><wpt><desc>{x}</desc></wpt></gpx>"),
    "subtitles": _named("a.srt", "application/x-subrip", "1\n00:00:01,000 --> 00:00:09,000\n{t}\n"),
    "vtt": _named("a.vtt", "text/vtt", "WEBVTT\n\n00:01.000 --> 00:09.000\n{t}\n"),
    "url": _named("a.url", "text/plain", "[InternetShortcut]\nURL=https://a.example/{q}\n"),
    "ini": _named("desktop.ini", "text/plain", "[a]\nInfoTip={t}\n"),
    "log": _named("a.log", "text/plain", "2025-11-03 INFO {t}\n"),
    "latex": _named("a.tex", "text/x-tex", "\\documentclass{{a}}\\begin{{document}}{t}\\end{{document}}"),
    "python": _named("a.py", "text/x-python", "print({t!r})\n"),
    "script file": _named("a.js", "text/javascript", "alert('{j}')"),
    "batch": _named("a.bat", "text/plain", "@echo {t}\npause\n"),
    "sql": _named("a.sql", "text/plain", "INSERT INTO a VALUES ('{t}');"),
    "html in base64": _named("a.txt", "text/plain", "{h}"),
    "calendar": _named("a.ics", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:{t}\nEND:VEVENT\nEND:VCALENDAR\n"),
    "calendar description": _named(
        "a.ics", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nX-ALT-DESC;FMTTYPE=text/html:<p>{x}</p>\nEND:VEVENT\nEND:VCALENDAR\n"),
    "calendar unknown": _named("a.ics", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nX-ODD:{t}\nEND:VTODO\nEND:VCALENDAR\n"),
    "calendar attendee": _named(
        "a.ics", "text/calendar", 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE;CN="{t}":mailto:a@b.example\nEND:VEVENT\nEND:VCALENDAR\n'),
    "calendar attachment": _named(
        "a.ics", "text/calendar",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTACH;ENCODING=BASE64;VALUE=BINARY:{h}\nEND:VEVENT\nEND:VCALENDAR\n"),
    "contact": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTE:{t}\nEND:VCARD\n"),
    "contact name": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nFN:{t}\nEND:VCARD\n"),
    "contact label": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nitem1.X-ABLabel:{t}\nEND:VCARD\n"),
    "contact photo": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nPHOTO;ENCODING=b:{h}\nEND:VCARD\n"),
    "mailbox": _named("a.mbox", "application/mbox", "From a Mon Nov  3 2025\nFrom: a@b.example\nSubject: x\n\n{t}\n"),
    "mail": _named("a.eml", "message/rfc822", "From: a@b.example\nSubject: x\n\n{t}\n"),
    "mail subject": _named("a.eml", "message/rfc822", "From: a@b.example\nSubject: {t}\n\nx\n"),
    "mail name": _named("a.eml", "message/rfc822", 'From: "{t}" <a@b.example>\nSubject: x\n\nx\n'),
    "mail as text": _named("a.txt", "text/plain", "From: a@b.example\nSubject: x\nContent-Transfer-Encoding: base64\n\n{h}\n"),
    "part of a message": _named("a", "message/partial", "From: a@b.example\nSubject: x\n\n{t}\n"),
    "message elsewhere": _named("a", "message/external-body", "Content-Type: text/plain\n\n{t}\n"),
    "delivery report": _named("a", "message/delivery-status", "Reporting-MTA: dns; a\n\nDiagnostic-Code: smtp; {t}\n"),
    "headers of a message": _named("a", "text/rfc822-headers", "From: a@b.example\nSubject: {t}\nComments: {t}\n"),
    "disposition": _named("a", "message/disposition-notification", "Reporting-UA: a\nError: {t}\n"),
    "feedback report": _named("a", "message/feedback-report", "Feedback-Type: abuse\nUser-Agent: {t}\n"),
    "enriched": _named("a", "text/enriched", "<bold>{t}</bold>"),
    "richtext": _named("a", "text/richtext", "<bold>{t}</bold>"),
    "css": _named("a.css", "text/css", ".a::before{{content:'{t}'}}"),
    "troff": _named("a", "text/troff", ".TH a\n{t}\n"),
    "watch html": _named("a", "text/watch-html", "<p>{x}</p>"),
    "amp html": _named("a", "text/x-amp-html", "<html amp4email><body>{x}</body></html>"),
    "text of an odd type": _named("a", "text/x-anything", "{t}"),
    "odd type": _named("a", "application/x-anything", "{t}"),
    "picture's type": _named("a", "image/png", "{t}"),
    "film's type": _named("a", "video/mp4", "{t}"),
    "font's type": _named("a", "font/woff2", "{t}"),
    "model's type": _named("a", "model/vrml", "{t}"),
    "armor": _named("a.asc", "application/pgp-encrypted", "-----BEGIN PGP MESSAGE-----\n\n{t}\n"),
    "signed text": _named(
        "a.asc", "text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{t}\n-----BEGIN PGP SIGNATURE-----\n\nabc\n"),
    "signature's type": _named("a.asc", "application/pgp-signature", "{t}"),
    "signature in PKCS": _named("a.p7s", "application/pkcs7-signature", "{t}"),
    "family tree": _in_lines("a.ged", "\n2 CONC ", "0 HEAD\n0 @I1@ INDI\n1 NOTE "),
    "settings in lines": _in_lines("a.properties", "\\\n    ", "note = "),
    "manual in lines": _in_lines("a.1", "\\c\n", ".TH A 1\n"),
    "breaks in a text": _in_lines("a.markdown", "<wbr>", "# Plan\n\n"),
    "comments in a text": _in_lines("a.typ", "/* x */", "= Plan\n\n"),
    "printed pieces": _in_lines("a.py", '", end="")\nprint("', 'print("'),
    "shell archive": lambda rng, text: HiddenFile(
        "a.shar", "application/octet-stream",
        text_bytes("#!/bin/sh\nsed 's/^X//' > a.txt << 'EOF'\n" + "".join(f"X{word}\n" for word in text.split()) + "EOF\n"),
    ),
    "breaks in subtitles": lambda rng, text: HiddenFile(
        "a.ass", "application/octet-stream",
        text_bytes("[Events]\nDialogue: 0,0:00:00.00,0:00:05.00,Default,,0,0,0,," + "\\N".join(text.split()) + "\n"),
    ),
    "csv": _csv, "json": _json, "page": _page,
    **OFFICE_FILES, **MEDIA_FILES, **_OPAQUE,
}  # fmt: skip
