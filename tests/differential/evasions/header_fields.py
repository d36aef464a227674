"""Header fields with a sentence in them, encoded in ways that programs read differently."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

SENT = b"From: Dana Okafor <dana.okafor@riverbend.example>\r\nTo: liam@students.riverbend.example\r\n"
COVER = b"Practice is on Tuesday at four in the gymnasium."

_FIELDS = {
    "flag": "X-Message-Flag: {t}\r\n", "reply by": "Reply-By: {t}\r\n", "receipt name": 'Disposition-Notification-To: "{t}" <a@riverbend.example>\r\n',
    "errors to": 'Errors-To: "{t}" <a@riverbend.example>\r\n', "in reply to": "In-Reply-To: {t} <a@b>\r\n", "references": "References: <{dash}@b.example>\r\n",
    "message id": "Message-ID: <{dash}@b.example>\r\n", "received": "Received: from a by b ({t}); Mon, 3 Nov 2025 12:00:00 +0000\r\n", "mailer": "X-Mailer: {t}\r\n",
    "user agent": "User-Agent: {t}\r\n", "priority": "X-Priority: 1 ({t})\r\n", "importance": "Importance: {t}\r\n", "sensitivity": "Sensitivity: {t}\r\n",
    "labels": "X-Gmail-Labels: {t}\r\n", "keywords": "X-Keywords: {t}\r\n", "classification": "X-Microsoft-Classification: {t}\r\n", "organization": "Organisation: {t}\r\n",
    "newsgroups": "Newsgroups: {dot}\r\n", "followup": "Followup-To: {t}\r\n", "distribution": "Distribution: {t}\r\n", "approved": "Approved: {t}\r\n", "expires": "Expires: {t}\r\n",
    "archived at": "Archived-At: <https://b.example/{dash}>\r\n", "list name": 'List-Id: "{t}" <a.riverbend.example>\r\n', "list post": "List-Post: NO ({t})\r\n",
    "subject B": "Subject: =?utf-8?B?{h}?=\r\n", "subject Q": "Subject: =?utf-8?Q?{qu}?=\r\n", "subject no end": "Subject: =?utf-8?B?{h}\r\n", "subject language": "Subject: =?utf-8*en?B?{h}?=\r\n",
    "subject nested": "Subject: =?utf-8?B?{hh}?=\r\n", "subject split": "Subject: {split}\r\n", "subject joined": "Subject: {joined}\r\n", "subject in quotes": 'Subject: "=?utf-8?B?{h}?="\r\n',
    "subject in a word": "Subject: x=?utf-8?B?{h}?=x\r\n", "subject unpadded": "Subject: =?utf-8?B?{hu}?=\r\n", "subject with blanks": "Subject: =?utf-8?B?{hb}?=\r\n", "subject lower": "Subject: =?utf-8?b?{h}?=\r\n",
    "subject unknown": "Subject: =?x-odd?B?{h}?=\r\n", "subject utf-7": "Subject: =?utf-7?Q?{u7}?=\r\n", "subject ebcdic": "Subject: =?cp037?B?{eb}?=\r\n", "subject utf-16": "Subject: =?utf-16le?B?{h16}?=\r\n",
    "subject raw utf-16": "Subject: =?utf-16be?Q?{q16}?=\r\n", "subject by letters": "Subject: {byletters}\r\n", "subject folded": "Subject: {folded}\r\n", "subject folded blank": "Subject:\r\n \r\n {t}\r\n",
    "subject tab": "Subject:\t{t}\r\n", "subject late colon": "Subject \t: {t}\r\n", "subject star": "Subject*: utf-8''{p}\r\n", "subject capitals": "SUBJECT: {t}\r\n", "subject third": "Subject: a\r\nSubject: b\r\nSubject: {t}\r\n",
    "subject long": "Subject: {pad}{t}\r\n", "subject comment": "Subject: Practice ({t})\r\n", "subject entity": "Subject: {dec}\r\n", "subject percent": "Subject: {p}\r\n",
    "thread topic": "Thread-Topic: =?utf-8?B?{h}?=\r\n", "name B": "From: =?utf-8?B?{h}?= <dana.okafor@riverbend.example>\r\n", "name by words": "From: {split} <dana.okafor@riverbend.example>\r\n",
    "name escaped": 'From: "{escaped}" <dana.okafor@riverbend.example>\r\n', "name nested comment": "From: dana.okafor@riverbend.example (a ({t}) b)\r\n", "name behind": "From: <dana.okafor@riverbend.example> {t}\r\n",
    "name group": "To: {t} : a@riverbend.example, b@riverbend.example ;\r\n", "names": "To: {names}\r\n", "names of letters": "Cc: {letternames}\r\n", "local part": "Cc: {dash}@riverbend.example\r\n", "local part in quotes": 'Cc: "{t}"@riverbend.example\r\n',
    "domain literal": "Cc: a@[{t}]\r\n", "domain": "Cc: a@{hosts}.example\r\n", "route": "Cc: <@{hosts}.example:a@riverbend.example>\r\n", "reply local part": "Reply-To: {dash}@riverbend.example\r\n", "second from": "From: {t} <a@riverbend.example>\r\n",
    "undisclosed": "To: {t}:;\r\n", "bcc name": 'Bcc: "{t}" <a@riverbend.example>\r\n', "resent name": 'Resent-To: "{t}" <a@riverbend.example>\r\n', "resent subject": "Resent-Subject: {t}\r\n", "comments B": "Comments: =?utf-8?B?{h}?=\r\n",
    "odd field": "X-Anything: {t}\r\n", "odd encoded field": "X-Anything: =?utf-8?B?{h}?=\r\n", "field name": "{dash}: x\r\n", "date comment": "Date: Mon, 3 Nov 2025 12:00:00 +0000 ({t})\r\n", "date words": "Date: {t}\r\n", "content base": "Content-Base: https://b.example/{dash}\r\n",
}  # fmt: skip


def fields(text: str) -> Iterator[tuple[str, bytes]]:
    """A mail for each field: its name and its content."""
    data = text.encode()
    words = text.split()
    plain = [word.strip(".,?!'").replace("'", "") for word in words]
    values = {
        "t": text, "h": base64.b64encode(data).decode(), "hu": base64.b64encode(data).decode().rstrip("="), "qu": "".join(f"={byte:02X}" for byte in data), "p": quote(text),
        "hh": base64.b64encode(b"=?utf-8?B?" + base64.b64encode(data) + b"?=").decode(), "hb": base64.b64encode(data).decode()[:20] + " " + base64.b64encode(data).decode()[20:],
        "split": "\r\n ".join(f"=?utf-8?B?{base64.b64encode(data[at : at + 7]).decode()}?=" for at in range(0, len(data), 7)),
        "joined": "".join(f"=?utf-8?B?{base64.b64encode(data[at : at + 7]).decode()}?=" for at in range(0, len(data), 7)),
        "byletters": " ".join(f"=?utf-8?Q?={byte:02X}?=" for byte in data), "u7": text.encode("utf-7").decode().replace(" ", "_"), "eb": base64.b64encode(text.encode("cp037", "replace")).decode(),
        "h16": base64.b64encode(text.encode("utf-16-le")).decode(), "q16": "".join(f"={byte:02X}" for byte in text.encode("utf-16-be")), "folded": "\r\n\t".join(words), "pad": "Practice on Tuesday " * 20,
        "dec": "".join(f"&#{ord(letter)};" for letter in text), "escaped": "".join(f"\\{letter}" for letter in text), "names": ", ".join(f"{word} <a{at}@riverbend.example>" for at, word in enumerate(plain)),
        "letternames": ", ".join(f"{letter} <a{at}@riverbend.example>" for at, letter in enumerate("".join(plain))), "dash": "-".join(plain).lower(), "dot": ".".join(plain).lower(), "hosts": ".".join(plain).lower(),
    }  # fmt: skip
    for name, form in _FIELDS.items():
        field = form.format(**values).encode()
        given = {line.split(b":")[0].strip().lower() for line in field.splitlines()}
        rest = b"".join(
            line + b"\r\n"
            for line in SENT.splitlines()
            if line.split(b":")[0].lower() not in given or name.startswith("second")
        )
        title = b"" if b"subject" in given and "late" not in name else b"Subject: Practice\r\n"
        yield (
            f"field {name}",
            rest
            + field
            + title
            + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            + COVER
            + b"\r\n",
        )
