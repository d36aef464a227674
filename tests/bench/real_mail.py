"""Sends real mail through the gateway in shadow mode and checks that none is refused or changed.

`python -m tests.bench.real_mail FOLDER [FOLDER ...]` sends every file below the folders as a mail, once in scope and
once out of scope, and compares what the next hop received with what was sent. Line ends become CRLF
first, as any mail server would make them.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.stories.gateway import eventually, gateway_folder
from tests.stories.prepended_fields import split_prepended
from tests.stories.recording_hop import recording_hop

TEACHER, STUDENT = "dana.okafor@riverbend.example", "liam.whitcomb@students.riverbend.example"
OUTSIDE = ("list@elsewhere.example", "reader@outside.example")
SENDERS = 4
_LINE_END = re.compile(rb"\r\n|\r|\n")


def contents(folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each mail, without its mbox separator."""
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = _LINE_END.sub(b"\r\n", file.read_bytes())
            if content.startswith(b"From ") and b":" not in content.partition(b"\r\n")[0].partition(b" ")[0]:
                content = content.partition(b"\r\n")[2]
            if content:
                yield str(file), content if content.endswith(b"\r\n") else content + b"\r\n"


class ExactClient:
    """One SMTP session that writes exact bytes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self._lines = self._socket.makefile("rb")
        self._reply()
        self._say(b"EHLO bench.example")

    def send(self, sender: str, recipient: str, content: bytes) -> bytes:
        """Returns the reply to the first refused command, or to the content."""
        for command in (
            b"MAIL FROM:<%s> BODY=8BITMIME" % sender.encode(),
            b"RCPT TO:<%s>" % recipient.encode(),
            b"DATA",
        ):
            if (reply := self._say(command))[:1] not in (b"2", b"3"):
                self._say(b"RSET")
                return reply
        stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
        return self._say(stuffed + b".")

    def _say(self, line: bytes) -> bytes:
        self._socket.sendall(line + b"\r\n")
        return self._reply()

    def _reply(self) -> bytes:
        while (line := self._lines.readline())[3:4] == b"-":
            pass
        return line


def run(folders: Sequence[Path], limit: int) -> int:
    """Send and compare all mail and print the result; returns 1 if a mail was refused, changed or lost."""
    mails = list(contents(folders))[: limit or None]
    refused: list[tuple[str, bytes]] = []
    sent: list[tuple[bytes, str, bytes]] = []
    with tempfile.TemporaryDirectory(prefix="real-mail-") as folder, recording_hop() as next_hop:
        settings = ['policy.mode = "shadow"', 'store.retain_delivered = "1h"']
        with gateway_folder(Path(folder), f"127.0.0.1:{next_hop.port}", settings=settings) as gateway:
            gateway.start()
            todo = [(way, name, content) for name, content in mails for way in ((TEACHER, STUDENT), OUTSIDE)]
            lock = threading.Lock()

            def work() -> None:
                client = ExactClient(gateway.smtp)
                while True:
                    with lock:
                        if not todo:
                            return
                        (sender, recipient), name, content = todo.pop()
                    reply = client.send(sender, recipient, content)
                    with lock:
                        if reply[:1] == b"2":
                            sent.append((recipient.encode(), name, content))
                        else:
                            refused.append((name, reply))

            threads = [threading.Thread(target=work) for _ in range(SENDERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            eventually(lambda: len(next_hop.received) >= len(sent), 300)
            decided = eventually(lambda: gateway.metric("chaperone_decision_seconds_count") >= len(sent) / 2 - 5, 600)
            actions = {
                action: gateway.metric("chaperone_decisions_total", action=action)
                for action in ("release", "flag", "hold")
            }
    out = Counter(
        (mail.recipients[0].split(b"<")[1].split(b">")[0], split_prepended(mail.content)[1])
        for mail in next_hop.received
    )
    changed = [name for recipient, name, content in sent if (recipient, content) not in out]
    lost = sum((Counter((recipient, content) for recipient, _, content in sent) - out).values())
    print(f"{len(mails)} mails, each in scope and out of scope: {len(sent)} accepted, {len(refused)} refused")
    print(f"{len(next_hop.received)} arrived, {len(changed)} not byte-identical, {lost} lost or changed")
    print(f"all decided: {bool(decided)}")
    print("decisions in shadow: " + ", ".join(f"{name} {count:.0f}" for name, count in actions.items()))
    for name, reply in refused[:10]:
        print(f"refused {name}: {reply.decode(errors='replace').strip()}")
    for name in changed[:10]:
        print(f"changed {name}")
    return 1 if refused or changed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    sys.exit(run(options.folders, options.limit))
