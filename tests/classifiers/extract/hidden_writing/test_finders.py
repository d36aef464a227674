"""The finders: one that fails costs neither the text nor the other finders."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from random import Random
from types import CodeType, FunctionType, ModuleType
from typing import Any, NoReturn

import pytest

import classifiers.extract
import classifiers.normalize
import gateway.core.mime
from classifiers.extract.extraction import ExtractedMessage, extract_message
from classifiers.extract.hidden_writing import finders
from classifiers.normalize.normalization import Normalizer
from classifiers.pipeline.texts import PipelineText, build_texts

LETTERS = "eeeeeetttttaaaaooooiiiinnnnsssshhhrrrdddlluuccmmwwffggyyppbbvk"
"""Letters as often as in English."""
PLAIN = "Meet me alone tonight and delete this message."
MAIL = f"""From: "Call me tonight, my love" <dana@a.example>
To: b@c.example
Subject: Field trip
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=out

Words before the first boundary that some programs show.
--out
Content-Type: multipart/alternative; boundary=in

--in
Content-Type: text/plain; charset=utf-8

{PLAIN}

TWVldCBtZSBieSB0aGUgbGFrZSBhdCBuaW5lIGFuZCB0ZWxsIG5vYm9keSBhYm91dCB0aGlz

M e e t  m e  b y  t h e  l a k e, we%20are%20here &#65;&#66;, sdrawkcab eht uoy dna htiw
https://a.example/?q=i+want+you+to+come+to+my+house+tonight caf\u00e9 \uff46\uff55\uff4c\uff4c
.... . .-.. .-.. --- / .... . .-.. .-.. --- / .... . .-.. .-..
On Monday Dana wrote:
> an earlier message
--in
Content-Type: text/html; charset=utf-8

<style>p.x{{display:none}}</style><p>{PLAIN}</p><p class=x>Hidden words</p><a href="https://b.example/x">link</a>
<img alt="A picture" src="data:text/html,framed"><span style="position:absolute;left:1px;top:2px">a</span>
--in--
--out
Content-Type: text/plain; name=packing-list.txt
Content-Disposition: attachment

Bring sunscreen.
--out
Content-Type: message/rfc822

Subject: Inner words to read

Text of the inner message.
--out--
Words after the last boundary that some programs show.
""".replace("\n", "\r\n").encode()
NOT_GUARDED = {
    "Guard.run", "Guard.run_at_most", "HeaderSection.__init__", "decode_value", "extract_message",
    "find_hidden_writing", "split_fields",
    "to_text", "unfold", "_add_hidden", "read_hidden_writing", "Normalizer.__call__", "Normalizer.__init__",
    "_as_it_is", "Passage.__post_init__", "without_lone_surrogates",
}  # fmt: skip
"""The reader itself. Where it fails, the classifier reads what a first look decodes."""


def fail(*_: object, **__: object) -> NoReturn:
    raise RecursionError


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".readers" not in found.name and not found.name.endswith((".language", ".first_text")):
            yield importlib.import_module(found.name)


def functions() -> Iterator[tuple[str, FunctionType]]:
    """The functions and methods that read a message, each with its name in its module."""
    for package in (classifiers.extract, classifiers.normalize, gateway.core.mime):
        for module in modules(package):
            for owner in (module, *(value for value in vars(module).values() if isinstance(value, type))):
                prefix = f"{owner.__name__}." if isinstance(owner, type) else ""
                for name, value in vars(owner).items():
                    if (
                        isinstance(value, FunctionType)
                        and value.__code__.co_filename == module.__file__
                        and not value.__closure__
                        and f"{prefix}{name}" not in NOT_GUARDED
                    ):
                        yield f"{module.__name__} {prefix}{name}", value


def called(read: Callable[[], object]) -> set[CodeType]:
    """The code of what is called."""
    seen: set[CodeType] = set()
    sys.setprofile(lambda frame, *_: seen.add(frame.f_code))
    try:
        read()
    finally:
        sys.setprofile(None)
    return seen


def test_whatever_fails_the_plain_text_is_read_and_the_message_says_so() -> None:
    normalizer = Normalizer({"meet", "alone", "tonight", "delete", "message"}, set())

    def read_all() -> tuple[ExtractedMessage, tuple[PipelineText, ...]]:
        read = extract_message(MAIL)
        return read, build_texts(read.passages, normalizer)[0]

    wrong = []
    used = called(read_all)
    broken = [(name, function) for name, function in functions() if function.__code__ in used]
    for name, function in broken:
        code = function.__code__
        function.__code__ = fail.__code__
        try:
            read, texts = read_all()
        finally:
            function.__code__ = code
        is_reported = "unreadable" in read.failed or not all(text.is_complete for text in texts)
        if not any(PLAIN in text.text for text in texts) or not is_reported:
            wrong.append(name)
    assert wrong == []
    assert len(broken) > 200


@pytest.mark.parametrize("name", [name for name, _ in finders.FINDERS])
def test_a_finder_that_fails_is_named_in_the_account(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Any = tuple((other, fail if other == name else finder) for other, finder in finders.FINDERS)
    monkeypatch.setattr(finders, "FINDERS", broken)
    read = extract_message(f"Subject: Trip\r\n\r\n{PLAIN}\r\n".encode())
    assert [passage.text.strip() for passage in read.passages] == ["Trip", PLAIN]
    assert read.failed == ("unreadable",)
    assert {(account.path, account.reason) for account in read.files} == {(name, "broken (RecursionError)")}


def _mail_of_parts(texts: Sequence[str]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.example", "Notes"
    mail.set_content("Here are my notes.")
    for number, text in enumerate(texts):
        mail.add_attachment(text, filename=f"{number}.txt")
    return mail.as_bytes()


def test_many_parts_in_another_order_cost_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(finders, "words_in_order", lambda text: tried.append(text) or [])
    texts = [" ".join("".join(rng.sample(LETTERS, 7)) for _ in range(80)) for rng in map(Random, range(30))]
    read = extract_message(_mail_of_parts(texts))
    assert 0 < len(tried) < 10
    assert "unreadable" in read.failed


def test_what_files_repeat_is_read_once() -> None:
    mail = EmailMessage()
    for _ in range(30):
        mail.add_attachment(b"Bring sunscreen.", maintype="application", subtype="octet-stream", filename="a.txt")
    assert sum("sunscreen" in passage.text for passage in extract_message(mail.as_bytes()).passages) == 1
