"""The shipped classifiers, from bytes to verdicts: what must be seen, what must not, and that nothing raises."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.normalize import tokens
from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.job import Job
from classifiers.pipeline.model_files import ModelError
from classifiers.service import self_test as canary
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.message import parts
from gateway.core.messages.message import sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import CLAUSES, FAILURES, HELP, PURPOSES, Finding, Verdict
from gateway.core.serialization.wire import encode_verdict

STAFF, STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF
GROOMING = "You look so beautiful today. This stays our secret, don't tell your parents."


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


def sms(text: str, direction: str = STAFF) -> Job:
    content = text.encode()
    return Job("id", sha256_of(content), SMS, direction, content)


def mail(content: bytes, direction: str = STAFF) -> Job:
    return Job("id", sha256_of(content), MAIL, direction, content)


def letter(text: str, subject: str = "Hello", html: bool = False, answers: str = "") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    if answers:
        message["In-Reply-To"] = answers
    message.set_content(text, "html") if html else message.set_content(text)
    return message.as_bytes()


def one(classifier: Classifier, job: Job) -> Verdict:
    return classifier.classify([job])[0]


def prohibited(verdict: Verdict) -> float:
    return max((verdict.score(clause) for clause in ("7a", "7b", "7c", "7d", "7e", "8", "9")), default=0.0)


def test_the_self_test_passes(classifier: Classifier) -> None:
    assert canary.failures(classifier) == ()


def test_the_self_test_sees_a_model_that_holds_nothing_or_everything() -> None:
    class Fixed:
        def __init__(self, score: float) -> None:
            self.score = score

        def classify(self, jobs: Sequence[canary.SelfTestMessage]) -> list[Verdict]:
            found = tuple(Finding(clause, self.score, "fixed") for clause in ("7a", "7b", "7d", "7e"))
            return [Verdict(job.id, job.sha256, "fixed", findings=found, help=self.score) for job in jobs]

    assert len(canary.failures(Fixed(0.0))) == sum(each.expected != "clean" for each in canary.SELF_TEST_MESSAGES)
    assert len(canary.failures(Fixed(1.0))) == sum(each.expected == "clean" for each in canary.SELF_TEST_MESSAGES)


def test_a_verdict_is_whole(classifier: Classifier) -> None:
    job = sms(GROOMING)
    verdict = one(classifier, job)
    assert (verdict.id, verdict.sha256, verdict.model, verdict.language) == ("id", job.sha256, classifier.version, "en")
    assert verdict.failed == ()
    assert verdict.took_ms > 0
    assert set(verdict.purpose) == set(PURPOSES)
    assert sum(verdict.purpose.values()) == pytest.approx(1, abs=0.01)
    for finding in verdict.findings:
        assert finding.clause in CLAUSES
        assert 0.1 <= finding.score <= 1
        assert finding.by in {"linear", "lexicon", "confidential", "links", "head", "encoder", "extraction"}


def test_grooming_cues_are_named_and_point_at_their_words(classifier: Classifier) -> None:
    content = letter(f"Hi Avery,\n{GROOMING}\nSee you")
    verdict = one(classifier, mail(content))
    assert verdict.score("7a") >= 0.5
    text = next(part.text for part in parts(content) if part.number == "1")
    words = {
        each.cue: [text[span.start : span.end] for span in each.spans]
        for each in verdict.findings
        if each.clause == "7a"
    }
    assert "our secret" in words["secrecy"][0]
    assert any("beautiful" in each for each in words["compliments"])


def test_disguise_and_spans_of_what_was_received(classifier: Classifier) -> None:
    text = "y0u look so b e a u t i f u l today, keep it our s-e-c-r-e-t"
    verdict = one(classifier, sms(text))
    assert verdict.score("7a") >= 0.5
    spans = [span for each in verdict.findings if each.cue == "secrecy" for span in each.spans]
    assert [text[span.start : span.end] for span in spans] == ["our s-e-c-r-e-t"]


def test_help_is_heard(classifier: Classifier) -> None:
    for text in ("my stepdad hit me again and im scared to go home", "Tengo miedo de ir a mi casa, mi papá me pega"):
        assert one(classifier, sms(text, STUDENT)).help >= 0.5


def test_quoted_evidence_is_said_to_be_quoted(classifier: Classifier) -> None:
    text = "I reported this.\n\nOn Tue, Oct 8, 2024 at 7:14 PM Someone wrote:\n> " + GROOMING
    verdict = one(classifier, mail(letter(text, answers="<1@riverbend.example>")))
    strong = [each for each in verdict.findings if each.clause == "7a" and each.score >= 0.3]
    assert strong
    assert all(each.quoted for each in strong)


def test_the_way_back_counts_and_evasion_is_marked(classifier: Classifier) -> None:
    verdict = one(classifier, sms("I can't text students from my phone, please write to my school email instead."))
    assert [each.cue for each in verdict.findings if each.clause == "5"] == ["transition"]
    verdict = one(classifier, sms("Add me on snapchat, my username is coachd. Don't tell anyone and delete this."))
    assert verdict.score("1") >= 0.5
    assert any(each.cue == "evasion" and each.score >= 0.5 for each in verdict.findings)


def test_links_name_their_domain(classifier: Classifier) -> None:
    text = "Join at https://play.quizthing.com/x1 and follow https://www.instagram.com/coachd"
    found = {(each.clause, each.cue) for each in one(classifier, sms(text)).findings}
    assert ("2", "play.quizthing.com") in found
    assert ("2", "quizthing.com") in {
        (each.clause, each.cue) for each in one(classifier, sms("https://www.quizthing.com/x")).findings
    }


def test_hidden_text_is_judged(classifier: Classifier) -> None:
    html = f'<p>The quiz is on Friday.</p><div style="display:none">{GROOMING}</div>'
    verdict = one(classifier, mail(letter(html, html=True)))
    finding = next(each for each in verdict.findings if each.clause == "7a")
    assert finding.score >= 0.5
    assert finding.spans == ()


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, demain nous avons un examen de mathématiques et vous devez apporter vos livres avec vous.",
        "Завтра в школе контрольная работа, принесите тетради и учебники пожалуйста.",
        "Xin chào, ngày mai các em không phải đến trường và sẽ học ở nhà với cô.",
    ],
)
def test_other_languages_are_not_called_clean(classifier: Classifier, text: str) -> None:
    assert one(classifier, sms(text)).failed == ("language",)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Practice is at four today, bring your shoes.", "en"),
        ("La práctica es a las cuatro, trae tus tenis por favor.", "es"),
        ("ok", "en"),
        ("👍", "en"),
        ("", "en"),
        ("Madame, is the dictée tomorrow all of lesson 8?", "en"),
        ("The vocab is bonjour, merci, au revoir and s'il vous plaît.", "en"),
    ],
)
def test_english_and_spanish_are_covered(classifier: Classifier, text: str, language: str) -> None:
    verdict = one(classifier, sms(text))
    assert (verdict.language, verdict.failed) == (language, ())


@pytest.mark.parametrize(
    ("file", "failed"),
    [
        ("Bonjour, demain nous avons un examen et vous devez apporter vos livres avec vous.", ("language",)),
        ("Завтра в школе контрольная работа, принесите тетради и учебники пожалуйста.", ("language",)),
        ("Mañana hay examen de historia, traigan sus libros y lleguen a tiempo por favor.", ()),
        ("Nguyen, Minh; Müller, Jörg; de la Cruz, Ana; van der Berg, Tom; Søren Ødegård\n12; 14; 9; 10; 11", ()),
    ],
)
def test_a_file_in_another_language_is_not_called_clean(
    classifier: Classifier, file: str, failed: tuple[str, ...]
) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "For tomorrow"
    message.set_content("Please read what is attached before class. See you at nine.")
    message.add_attachment(file, filename="tomorrow.txt")
    assert one(classifier, mail(message.as_bytes())).failed == failed


CLEAN = [
    "The unit on World War II covers weapons, bombing and the camps. Read pages 80 to 112.",
    "Lockdown drill on Thursday in second period. It is only practice.",
    "Health class: we discuss alcohol, vaping and how to say no. Bring the worksheet.",
    "Great job shooting free throws at practice. Keep your elbow in and follow through.",
    "Reminder: plagiarism and copying a classmate's answers is a zero and a call home.",
    "Thank you for the letter of recommendation, I got into the program!",
    "Recuerden traer la autorización firmada para la excursión del viernes.",
]


@pytest.mark.parametrize("text", CLEAN)
def test_the_words_of_school_are_not_held(classifier: Classifier, text: str) -> None:
    assert prohibited(one(classifier, sms(text))) < 0.5


def test_a_long_newsletter_is_not_held_and_what_is_buried_in_it_is_seen(classifier: Classifier) -> None:
    newsletter = "\n\n".join(CLEAN * 6)
    assert prohibited(one(classifier, mail(letter(newsletter)))) < 0.5
    buried = newsletter[:900] + "\n\n" + GROOMING + " Come over to my place alone tonight.\n\n" + newsletter[900:1800]
    assert one(classifier, mail(letter(buried))).score("7a") >= 0.3


def test_what_cannot_be_read_is_in_failed(classifier: Classifier) -> None:
    verdict = one(classifier, mail(letter("-----BEGIN PGP MESSAGE-----\n\nabc")))
    assert verdict.failed == ("encrypted",)
    assert set(verdict.failed) <= set(FAILURES)


def test_both_directions_and_a_batch_in_order(classifier: Classifier) -> None:
    jobs = [sms(f"message number {number}", "" if number % 2 else STUDENT) for number in range(40)]
    assert [each.sha256 for each in classifier.classify(jobs)] == [each.sha256 for each in jobs]
    alone, together = one(classifier, jobs[7]), classifier.classify(jobs)[7]
    assert alone.findings == together.findings
    assert alone.purpose == together.purpose
    assert classifier.classify([]) == []


def test_the_vocabulary_is_begun_anew_and_nothing_else_changes(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [sms(f"{GROOMING} number {number}") for number in range(40)]
    before, vocabulary = classifier.classify(jobs), classifier.nlp.vocab
    monkeypatch.setattr(tokens, "ANEW", 100)
    after = classifier.classify(jobs)
    assert classifier.nlp.vocab is not vocabulary
    assert [each.findings for each in after] == [each.findings for each in before]


def test_one_bad_message_does_not_cost_the_others(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = classifier.nlp.get_pipe("chaperone_linear").reader  # type: ignore[attr-defined]
    whole = reader.read

    def choke(noted: object) -> None:
        if "POISON" in noted.text:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        whole(noted)

    monkeypatch.setattr(type(reader), "read", lambda self, noted: choke(noted))
    found = classifier.classify([sms("hello"), sms("POISON"), sms("good morning")])
    assert [each.failed for each in found] == [(), ("error",), ()]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([SMS, MAIL]))
def test_never_raises(content: bytes, channel: str) -> None:
    job = Job("id", sha256_of(content), channel, STAFF, content)
    assert len(_shared().classify([job])) == 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_spans_stay_inside_the_text(text: str) -> None:
    for finding in one(_shared(), sms(GROOMING + text)).findings:
        for span in finding.spans:
            assert 0 <= span.start < span.end <= len(GROOMING + text)


_loaded: list[Classifier] = []


def _shared() -> Classifier:
    if not _loaded:
        _loaded.append(load())
    return _loaded[0]


def test_a_broken_model_is_one_clear_line(tmp_path: object) -> None:
    with pytest.raises(ModelError, match="chaperone train"):
        load(str(tmp_path))


def test_a_word_said_ten_thousand_times_makes_no_verdict_that_no_bus_takes(classifier: Classifier) -> None:
    """What is found is found; only its places are not all named."""
    verdict = one(classifier, sms("fuck you " * 1500))
    assert verdict.score("7c") > 0.5
    assert len(encode_verdict(verdict)) < 100_000


@pytest.mark.parametrize(
    ("text", "kinds", "by"),
    [
        ("My stepdad hits me every night and I am scared to go home.", {"abuse", "fear"}, "lexicon"),
        ("I haven't eaten since Friday because there is no food at home.", {"hunger"}, "lexicon"),
    ],
)
def test_a_call_for_help_says_which_words_and_which_kind(
    classifier: Classifier, text: str, kinds: set[str], by: str
) -> None:
    verdict = one(classifier, mail(letter(text), STUDENT))
    told = [each for each in verdict.findings if each.clause == HELP]
    assert verdict.help >= 0.5
    assert {each.cue for each in told if each.by == by} >= kinds
    assert {each.score for each in told} == {verdict.help}
    assert all(text[span.start : span.end].strip() for each in told for span in each.spans if span.part == "1")


def test_nothing_of_help_is_said_of_what_staff_write_or_of_what_asks_for_none(classifier: Classifier) -> None:
    for text, direction in (("My stepdad hits me, I am scared to go home.", STAFF), ("See you on Monday.", STUDENT)):
        verdict = one(classifier, sms(text, direction))
        assert [each for each in verdict.findings if each.clause == HELP and each.score >= 0.5] == []


def test_help_that_no_phrase_tells_of_has_the_words_that_weighed_most(classifier: Classifier) -> None:
    verdict = one(classifier, sms("Can you send me the homework for Monday?", STUDENT))
    told = [each for each in verdict.findings if each.clause == HELP]
    assert bool(told) == (verdict.help >= 0.1)
    assert all(each.spans and each.by in ("linear", "encoder", "lexicon") for each in told)
