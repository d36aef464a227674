"""Requests for help are found anywhere in a student's message. Quoted earlier ones do not count again."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

import numpy as np
import pytest

from classifiers.extract.quote_check import ConversationHistory
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.help_detection import texts_to_reread
from classifiers.pipeline.job import Job
from classifiers.pipeline.texts import PipelineText
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.message import parts
from gateway.core.messages.message import EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import HELP, IN_FILE

STUDENT, STAFF = str(Direction.STUDENT_TO_STAFF), str(Direction.STAFF_TO_STUDENT)
REQUEST = "my stepdad hit me again last night and i am scared to go home"
WROTE = "On Tue, Oct 8, 2024 at 7:14 PM Hollis Grady <hg@school.example> wrote:"
FIELDS = "-----Original Message-----\nFrom: Hollis Grady\nSent: Monday\nTo: me\nSubject: lab\n"
LAB = "The lab report is due on Friday. Please bring your goggles and the signed form from home."
LETTER = """I wanted to tell you about the robotics project. We built the frame on Monday; the motors came on Tuesday.
Ana did the wiring and I wrote the code for the sensor. It still turns left when it should go straight, so we are going
to try a new wheel. The field trip form is signed and I will bring it tomorrow. I also read chapter six and I have a
question about the figure on page 112, where the arrows go the other way than in the notes. For the essay I think I will
write about the bridge because my grandfather worked on it. The library has two books on it and I took both of them."""

ANNOUNCEMENT = """Picture day is on Thursday. Please bring the order form and wear the school shirt. The book fair
opens at noon in the library and closes on Friday. Bus routes 4 and 9 run ten minutes late this week because of the
road work. The spring concert moves to May 14 at 6 p.m.; doors open at 5:30. Families who want to help with the garden
can sign up at the front desk. Report cards go home next Wednesday. The cafeteria will have a new menu, and the price
stays the same."""

SHORT_TALK = """hey coach thx for the practice info, i will bring my notes and calculator tomorrow. also i finished the
worksheet and my mom signed the permission slip."""


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


def asks_for_help(
    classifier: Classifier, text: str, *earlier: str, file: str = "", direction: str = STUDENT, is_reply: bool = True
) -> bool:
    job = job_of(text, *earlier, file=file, direction=direction, is_reply=is_reply)
    return classifier.classify([job])[0].help >= 0.5


def job_of(text: str, *earlier: str, file: str = "", direction: str = STUDENT, is_reply: bool = True) -> Job:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Re: lab"
    if is_reply:
        message["In-Reply-To"] = "<1@school.example>"
    message.set_content(text)
    if file:
        message.add_attachment(file.encode(), "text", "plain", filename="letter.txt")
    content = message.as_bytes()
    context = tuple(
        EarlierMessage(str(number), "x@school.example", 1.0, finding) for number, finding in enumerate(earlier)
    )
    return Job("i", sha256_of(content), MAIL, direction, content, context=context, at=90_000.0)


@pytest.mark.parametrize("is_reply", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        f"{FIELDS}\n{LAB}\n\n{REQUEST}",
        f"{WROTE}\n> {LAB}\n> {REQUEST}",
        f"ok, thanks\n\n{WROTE}\n> {LAB}\n> {REQUEST}",
        f"ok, thanks\n-- \nAvery\n{REQUEST}",
        f"Hello,\n\n{LETTER}\n\nI dont want to be alive anymore.\n\n{LETTER}\n\nThank you,\nAvery",
        f"Hello,\n\n{LETTER}\n\n{LETTER}\n\nmy uncle touches me at night\n\n{LETTER}\n\nThank you,\nAvery",
    ],
    ids=["below", "within", "answered within", "signature", "long", "longer"],
)
def test_a_request_is_found_where_it_is_easily_missed(classifier: Classifier, text: str, is_reply: bool) -> None:
    assert asks_for_help(classifier, text, is_reply=is_reply)


@pytest.mark.parametrize("call", ["no hemos comido en dos dias", "my boyfriend choked me last night"])
def test_a_request_among_ordinary_sentences_of_a_short_text_is_found(classifier: Classifier, call: str) -> None:
    assert asks_for_help(classifier, f"{SHORT_TALK} {call}")
    assert asks_for_help(classifier, f"{call}. {SHORT_TALK}")
    assert not asks_for_help(classifier, f"{SHORT_TALK} i cut the paper again")


@pytest.mark.parametrize(
    "call",
    [
        "someone wrote in the group chat that he will shoot people at our school tomorrow",
        "Mi hermano y yo llevamos dos semanas durmiendo en el carro",
        "Me escapé anoche y estoy en la terminal, no sé a dónde ir",
    ],
)
def test_a_request_above_or_below_an_announcement_is_found(classifier: Classifier, call: str) -> None:
    assert asks_for_help(classifier, f"{call}.\n\n{ANNOUNCEMENT}")
    assert asks_for_help(classifier, f"{ANNOUNCEMENT}\n\n{call}.")
    assert not asks_for_help(classifier, ANNOUNCEMENT)


def test_a_request_that_is_wrapped_within_an_announcement_is_found(classifier: Classifier) -> None:
    call = "Me escapé anoche y estoy en la terminal, no sé a dónde ir"
    assert asks_for_help(classifier, textwrap.fill(f"{ANNOUNCEMENT} {call}. {ANNOUNCEMENT}", 62))


SENTENCES = (
    "We meet in room 12 after lunch.",
    "I am not safe there.",
    "Somebody is not safe there.",
    "I am scared of him.",
    "Nobody is safe there.",
)


def likely_sentences(
    logits: Sequence[float], *, said: str = "", held: float = 0.0, direction: str = STUDENT
) -> dict[str, float]:
    """The sentences of a text that are read by themselves, and the score that each needs."""
    text = " ".join(SENTENCES)
    starts = [text.index(sentence) for sentence in SENTENCES]
    annotations = TextAnnotations(
        text,
        sentences=list(zip(starts, [*starts[1:], len(text)], strict=True)),
        scores={"7d": held},
        sentence_help=np.array(logits, np.float32),
    )
    pieces = PipelineText(PassageKind.NEW, text, (), 0)
    history = ConversationHistory([EarlierMessage("0", "x@school.example", 1.0, said)] if said else ())
    return {found.text: found.help_from for found in texts_to_reread([(pieces, annotations)], 0, direction, history)}


def test_the_likeliest_sentences_are_read_alone_and_need_less_the_likelier_they_are() -> None:
    found = likely_sentences([-4.0, 0.0, 0.0, -2.0, -2.9])
    assert list(found) == [SENTENCES[1], SENTENCES[2], SENTENCES[3]]
    assert 0.5 <= found[SENTENCES[1]] < found[SENTENCES[2]]
    assert found[SENTENCES[1]] < found[SENTENCES[3]] < 1
    assert likely_sentences([9.0] * 5)[SENTENCES[0]] == 0.5
    assert not likely_sentences([-3.1] * 5)
    assert not likely_sentences([0.0] * 5, held=0.9)
    assert not likely_sentences([0.0] * 5, direction=STAFF)
    assert SENTENCES[1] not in likely_sentences([-4.0, 0.0, 0.0, -2.0, -2.9], said=SENTENCES[1])


def test_a_request_in_a_file_is_found(classifier: Classifier) -> None:
    assert asks_for_help(classifier, "Please see the file.", file=f"Dear Ms. Radford,\n\n{LETTER}\n\n{REQUEST}\n")
    assert not asks_for_help(classifier, "Please see the file.", file=f"Dear Ms. Radford,\n\n{LETTER}\n")


@pytest.mark.parametrize(
    "before", [f"{FIELDS}\n{LAB}\n\n", f"{WROTE}\n> {LAB}\n> ", f"Hello,\n\n{LETTER}\n\n{LETTER}\n"]
)
def test_a_reread_excerpt_has_words_and_kind_of_help(classifier: Classifier, before: str) -> None:
    job = job_of(f"{before}{REQUEST}\n")
    verdict = classifier.classify([job])[0]
    findings = [finding for finding in verdict.findings if finding.clause == HELP]
    assert "abuse" in {finding.cue for finding in findings}
    text = parts(job.content)[0].text
    words = [text[span.start : span.end] for finding in findings for span in finding.spans]
    assert words
    assert any(word in REQUEST for word in words)


def test_a_request_in_a_file_says_so(classifier: Classifier) -> None:
    verdict = classifier.classify(
        [job_of("Please see the file.", file=f"Dear Ms. Radford,\n\n{LETTER}\n\n{REQUEST}\n")]
    )[0]
    findings = [finding for finding in verdict.findings if finding.clause == HELP]
    assert {"abuse", IN_FILE} <= {finding.cue for finding in findings}
    assert {span.part for finding in findings for span in finding.spans} == {"2"}


@pytest.mark.parametrize(
    "text",
    [
        "h e l p  m e",
        "m y  d a d  h i t s  m e",
        "m y   d a d   h i t s   m e   a n d   i   a m   s c a r e d",
        "i  w a n t  t o  k i l l  m y s e l f",
        "h\ne\nl\np\n \nm\ne\n \np\nl\ne\na\ns\ne",
        "pls h*lp me im sc@red 2 go h0me",
        "i think about su*cide",
    ],
)
def test_a_disguised_request_is_found(classifier: Classifier, text: str) -> None:
    content = text.encode()
    verdict = classifier.classify([Job("i", sha256_of(content), SMS, STUDENT, content)])[0]
    assert verdict.help >= 0.5
    assert verdict.language == "en"


def test_a_quoted_request_of_the_conversation_does_not_count_again(classifier: Classifier) -> None:
    text = f"ok, see you then\n\n{WROTE}\n> {LAB}\n> {REQUEST}"
    assert not asks_for_help(classifier, text, f"{LAB}\n{REQUEST}")
    assert asks_for_help(classifier, text, LAB)


def test_school_talk_is_no_request(classifier: Classifier) -> None:
    assert not asks_for_help(classifier, f"Hello,\n\n{LETTER}\n\n{LETTER}\n\nThank you,\nAvery")
    assert not asks_for_help(
        classifier, f"ok, thanks\n\n{WROTE}\n> {LAB}\n> If somebody hurts you, tell me or a counselor."
    )
