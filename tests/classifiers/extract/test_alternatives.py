"""Alternatives that say the same are read once; what only one of them says is read too."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from classifiers.extract.extraction import extract_message
from gateway.core.message import parts


def test_equal_alternatives_are_read_once_and_different_ones_both() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("The quiz is on Friday.")
    message.add_alternative("<p>The quiz is on <b>Friday</b>.</p>", "html")
    assert len(extract_message(message.as_bytes()).passages) == 1
    message = EmailMessage(policy=SMTP)
    message.set_content("The quiz is on Friday.")
    message.add_alternative("<p>Keep this between us, beautiful.</p>", "html")
    assert [passage.part for passage in extract_message(message.as_bytes()).passages] == ["1", "2"]


def test_a_few_words_in_only_one_alternative_are_read() -> None:
    long = " ".join(f"word{number}" for number in range(200))
    message = EmailMessage(policy=SMTP)
    message.set_content(long)
    message.add_alternative(f"<p>{long}</p><p>kill yourself</p><p><a href='https://x.example/y'>word1</a></p>", "html")
    content = message.as_bytes()
    passages = [passage for passage in extract_message(content).passages if passage.part == "2"]
    text = next(part.text for part in parts(content) if part.number == "2")
    assert [passage.text for passage in passages] == ["kill yourself", "word1 <https://x.example/y>"]
    assert text[passages[0].start :].startswith("kill yourself")


def test_a_link_in_only_one_alternative_is_read() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("The form is here.")
    message.add_alternative("<p><a href='https://snapchat.com/add/x'><img src='cid:1'></a></p>", "html")
    assert any("snapchat.com/add/x" in passage.text for passage in extract_message(message.as_bytes()).passages)


def test_words_in_another_order_are_read_in_both_alternatives() -> None:
    long = " ".join(f"word{number}" for number in range(60))
    message = EmailMessage(policy=SMTP)
    message.set_content(f"I hope that you will come. {long} Do not kill time.")
    message.add_alternative(f"<p>{long}</p><p>I<br>will<br>kill<br>you</p><p>{long}</p>", "html")
    assert "I\nwill\nkill\nyou" in "\n".join(passage.text for passage in extract_message(message.as_bytes()).passages)
    message = EmailMessage(policy=SMTP)
    message.set_content("Kill the lights yourself.")
    message.add_alternative("<p>Kill yourself</p>", "html")
    assert [passage.text for passage in extract_message(message.as_bytes()).passages][1:] == ["Kill yourself"]


def test_alternatives_that_differ_only_in_layout_are_read_once() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("Dear families,\n\n* Bring water.\n* See the form [https://x.example/a] now.\n\nThanks\nMs. R")
    message.add_alternative(
        "<p>Dear families,</p><ul><li>Bring water.</li>"
        "<li>See <a href='https://x.example/b'>the form</a> now.</li></ul><p>Thanks<br>Ms. R</p>",
        "html",
    )
    assert {passage.part for passage in extract_message(message.as_bytes()).passages} == {"1"}
