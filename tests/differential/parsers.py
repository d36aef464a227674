"""Mail parsers by others: what each shows of a mail. Every one runs in a process of its own, one mail after another."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "tests/peers"
NODE, JAVA = ROOT / "build/node", ROOT / "build/java"
MAX_SECONDS = 60.0
"""Seconds that a parser may take for one mail. Some take quadratic time, and others may need the processors."""
_AHEAD = 60_000
"""Bytes of mails that are written before the answer to the first of them is read: a pipe holds as many."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a parser shows of a mail: plain texts and HTML."""

    text: tuple[str, ...] = ()
    html: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParserProgram:
    """A parser: the command that runs it, and the file without which it is not installed."""

    name: str
    command: tuple[str, ...]
    needs: Path

    @property
    def is_installed(self) -> bool:
        """Whether the parser can run."""
        return shutil.which(self.command[0]) is not None and self.needs.exists()


def _own(name: str, module: str = "email") -> ParserProgram:
    found = next((Path(path, module) for path in sys.path if Path(path, module).exists()), Path("/nonexistent"))
    return ParserProgram(name, (sys.executable, "-m", "tests.differential.python_parsers", name), found)


def _node(name: str) -> ParserProgram:
    return ParserProgram(name, ("node", str(PEERS / "node/mail_parsers.mjs"), name), NODE / "node_modules" / name)


def _java(name: str) -> ParserProgram:
    program = PEERS / "java/MailParsers.java"
    return ParserProgram(
        name, ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{JAVA}/*", str(program), name), JAVA
    )


def _perl(name: str) -> ParserProgram:
    module = Path("/usr/share/perl5", *name.split("::")).with_suffix(".pm")
    return ParserProgram(name, ("perl", str(PEERS / "perl/mail_parsers.pl"), name), module)


PARSERS = (
    _own("email"), _own("mail-parser", "fast_mail_parser"), _node("mailparser"), _node("postal-mime"),
    _java("mime4j"), _java("angus"), _perl("Email::MIME"), _perl("MIME::Parser"),
)  # fmt: skip
"""Python's email, Rust's mail-parser (as fast-mail-parser), two of Node.js, two of Java, two of Perl."""


class ParserProcess:
    """A running parser. It is started again after a mail that it did not survive."""

    def __init__(self, program: ParserProgram) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self.unanswered = 0
        """Mails that the parser did not survive."""

    def show(self, content: bytes) -> Shown:
        """What the parser shows of a mail; nothing if it fails or takes too long."""
        return next(self.show_all([content]))

    def show_all(self, contents: Sequence[bytes]) -> Iterator[Shown]:
        """What the parser shows of each mail, in order. Several are written at once: waking a process takes time."""
        written = 0
        for number, content in enumerate(contents):
            try:
                process = self._start()
                assert process.stdin is not None
                assert process.stdout is not None
                if number >= written:
                    ahead = _framed(content)
                    written = number + 1
                    while written < len(contents) and len(ahead) + len(contents[written]) < _AHEAD:
                        ahead += _framed(contents[written])
                        written += 1
                    process.stdin.write(ahead)
                    process.stdin.flush()
                line = self._read_line(process.stdout)
            except (BrokenPipeError, TimeoutError):
                line = b""
            if line:
                answer = json.loads(line)
                yield Shown(tuple(map(str, answer["text"])), tuple(map(str, answer["html"])))
            else:
                self.close()
                self.unanswered += 1
                written = 0
                yield Shown()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
            self._rest = b""

    def _read_line(self, stream: IO[bytes]) -> bytes:
        """The next answer; b"" if the process ended."""
        pieces = [self._rest]
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in pieces[-1]:
                if not selector.select(MAX_SECONDS):
                    raise TimeoutError
                piece = stream.read(1 << 16)
                if not piece:
                    return b""
                pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line + b"\n"

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            environment = os.environ | {"NODE_MODULES_OF": str(NODE)}
            self._process = subprocess.Popen(
                self.program.command, cwd=ROOT, env=environment, bufsize=0,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        return self._process


def _framed(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def requests(stream: BinaryIO) -> Iterator[bytes]:
    """The mails that are written to a parser program."""
    while len(size := stream.read(4)) == 4:
        yield stream.read(struct.unpack(">I", size)[0])


def answer(stream: BinaryIO, text: Sequence[str], html: Sequence[str]) -> None:
    """Write what a parser program shows of a mail."""
    stream.write(json.dumps({"text": text, "html": html}).encode() + b"\n")
    stream.flush()
