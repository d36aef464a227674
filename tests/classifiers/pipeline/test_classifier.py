"""The shipped classifiers, from bytes to verdicts: what they find, what they do not, and that nothing raises."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.components.linear import LinearModel
from classifiers.extract.extraction import ExtractedMessage
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize import tokens
from classifiers.pipeline import classifier as classifier_module
from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.job import Job
from classifiers.service import self_test as self_test
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.message import parts
from gateway.core.messages.message import sha256_of
from gateway.core.messages.verdict import FAILURES, HELP, PURPOSES, Finding
from gateway.core.policy.clauses import BUILT_IN
from gateway.core.serialization.wire import encode_verdict
from tests.classifiers.sample_messages import GROOMING, STAFF, STUDENT, letter, mail, one, prohibited, sms

CALL = "My stepdad hits me every night and I am scared to go home. Please help me."


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


def test_a_verdict_is_complete(classifier: Classifier) -> None:
    job = sms(GROOMING)
    verdict = one(classifier, job)
    assert (verdict.id, verdict.sha256, verdict.model, verdict.language) == ("id", job.sha256, classifier.version, "en")
    assert verdict.failed == ()
    assert verdict.took_ms > 0
    assert set(verdict.purpose) == set(PURPOSES)
    assert sum(verdict.purpose.values()) == pytest.approx(1, abs=0.01)
    for finding in verdict.findings:
        assert finding.clause in BUILT_IN
        assert 0.1 <= finding.score <= 1
        assert finding.by in {"linear", "lexicon", "confidential", "links", "head", "encoder", "extraction"}


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ("send pics without clothes", True),
        ("manda fotos sin ropa", True),
        ("pásame un video en ropa interior", True),
        ("turn on your cam and take off your top", True),
        ("send me a pic of your project", False),
        ("pics in your uniform please for the yearbook", False),
        ("Photos without a shirt are not allowed in the yearbook.", False),
        ("manda las fotos del baile", False),
    ],
)
def test_who_asks_for_pictures_without_clothes_is_held(classifier: Classifier, text: str, is_held: bool) -> None:
    assert (one(classifier, sms(text)).score("7a") >= 0.5) is is_held


@pytest.mark.parametrize(
    ("text", "is_reported"),
    [
        ("What happens on our walks is our little secret, so never say a word to your mom or dad", True),
        ("Do not breathe a word of this to your parents.", True),
        ("Lo del sábado es nuestro secreto, ni una palabra a tu mamá", True),
        ("If anybody asks, we were working on your essay", True),
        ("Puedo arreglarte la calificación si te portas bien conmigo", True),
        ("Please say a word of thanks to your parents from me.", False),
        ("If anybody asks, we are in room 12 today.", False),
        ("The secret of good bread is our little oven.", False),
        ("Never say a word that you would not say to your grandma.", False),
    ],
)
def test_who_asks_a_student_for_silence_or_favors_is_reported(
    classifier: Classifier, text: str, is_reported: bool
) -> None:
    assert (one(classifier, sms(text)).score("7a") >= 0.4) is is_reported


def test_grooming_cues_have_names_and_spans(classifier: Classifier) -> None:
    content = letter(f"Hi Avery,\n{GROOMING}\nSee you")
    verdict = one(classifier, mail(content))
    assert verdict.score("7a") >= 0.5
    text = next(part.text for part in parts(content) if part.number == "1")
    words = {
        finding.cue: [text[span.start : span.end] for span in finding.spans]
        for finding in verdict.findings
        if finding.clause == "7a"
    }
    assert "our secret" in words["secrecy"][0]
    assert any("beautiful" in finding for finding in words["compliments"])


def test_spans_of_disguised_words_refer_to_the_received_text(classifier: Classifier) -> None:
    text = "y0u look so b e a u t i f u l today, keep it our s-e-c-r-e-t"
    verdict = one(classifier, sms(text))
    assert verdict.score("7a") >= 0.5
    spans = [span for finding in verdict.findings if finding.cue == "secrecy" for span in finding.spans]
    assert [text[span.start : span.end] for span in spans] == ["our s-e-c-r-e-t"]


def test_requests_for_help_are_recognized(classifier: Classifier) -> None:
    for text in ("my stepdad hit me again and im scared to go home", "Tengo miedo de ir a mi casa, mi papá me pega"):
        assert one(classifier, sms(text, STUDENT)).help >= 0.5


def test_findings_in_quotes_are_marked_as_quoted(classifier: Classifier) -> None:
    text = "I reported this.\n\nOn Tue, Oct 8, 2024 at 7:14 PM Someone wrote:\n> " + GROOMING
    verdict = one(classifier, mail(letter(text, answers="<1@riverbend.example>")))
    strong = [finding for finding in verdict.findings if finding.clause == "7a" and finding.score >= 0.3]
    assert strong
    assert all(finding.quoted for finding in strong)


def test_transition_phrases_and_evasion_are_found(classifier: Classifier) -> None:
    verdict = one(classifier, sms("I can't text students from my phone, please write to my school email instead."))
    assert [finding.cue for finding in verdict.findings if finding.clause == "5"] == ["transition"]
    verdict = one(classifier, sms("Add me on snapchat, my username is coachd. Don't tell anyone and delete this."))
    assert verdict.score("1") >= 0.5
    assert any(finding.cue == "evasion" and finding.score >= 0.5 for finding in verdict.findings)


def test_links_have_their_host_as_cue(classifier: Classifier) -> None:
    text = "Join at https://play.quizthing.com/x1 and follow https://www.instagram.com/coachd"
    found = {(finding.clause, finding.cue) for finding in one(classifier, sms(text)).findings}
    assert ("2", "play.quizthing.com") in found
    assert ("2", "quizthing.com") in {
        (finding.clause, finding.cue) for finding in one(classifier, sms("https://www.quizthing.com/x")).findings
    }


def test_hidden_text_is_classified(classifier: Classifier) -> None:
    html = f'<p>The quiz is on Friday.</p><div style="display:none">{GROOMING}</div>'
    verdict = one(classifier, mail(letter(html, html=True)))
    finding = next(finding for finding in verdict.findings if finding.clause == "7a")
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
def test_other_languages_are_reported_as_failed(classifier: Classifier, text: str) -> None:
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
def test_a_file_in_another_language_is_reported_as_failed(
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
def test_school_vocabulary_is_not_held(classifier: Classifier, text: str) -> None:
    assert prohibited(one(classifier, sms(text))) < 0.5


def test_a_newsletter_is_clean_and_a_buried_message_is_found(classifier: Classifier) -> None:
    newsletter = "\n\n".join(CLEAN * 6)
    assert prohibited(one(classifier, mail(letter(newsletter)))) < 0.5
    buried = newsletter[:900] + "\n\n" + GROOMING + " Come over to my place alone tonight.\n\n" + newsletter[900:1800]
    assert one(classifier, mail(letter(buried))).score("7a") >= 0.3


def test_unreadable_parts_are_in_failed(classifier: Classifier) -> None:
    verdict = one(classifier, mail(letter("-----BEGIN PGP MESSAGE-----\n\nabc")))
    assert verdict.failed == ("encrypted",)
    assert set(verdict.failed) <= set(FAILURES)


def test_a_batch_is_answered_in_order(classifier: Classifier) -> None:
    jobs = [sms(f"message number {number}", "" if number % 2 else STUDENT) for number in range(40)]
    assert [finding.sha256 for finding in classifier.classify(jobs)] == [finding.sha256 for finding in jobs]
    alone, together = one(classifier, jobs[7]), classifier.classify(jobs)[7]
    assert alone.findings == together.findings
    assert alone.purpose == together.purpose
    assert classifier.classify([]) == []


def test_renewing_the_vocabulary_changes_no_verdict(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [sms(f"{GROOMING} number {number}") for number in range(40)]
    before, vocabulary = classifier.classify(jobs), classifier.nlp.vocab
    monkeypatch.setattr(tokens, "VOCABULARY_LIMIT", 100)
    after = classifier.classify(jobs)
    assert classifier.nlp.vocab is not vocabulary
    assert [finding.findings for finding in after] == [finding.findings for finding in before]


def test_one_failing_message_does_not_affect_the_others(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotate = LinearModel.annotate

    def fail_on_poison(self: LinearModel, annotations: TextAnnotations) -> None:
        if "POISON" in annotations.text:
            raise ZeroDivisionError
        annotate(self, annotations)

    monkeypatch.setattr(LinearModel, "annotate", fail_on_poison)
    found = classifier.classify([sms("hello"), sms("POISON"), sms("good morning")])
    assert [finding.failed for finding in found] == [(), ("error",), ()]


def test_words_that_cannot_be_looked_for_do_not_affect_the_others(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = classifier_module.help_word_findings

    def fail_on_poison(texts: Sequence[tuple[Any, TextAnnotations]], *given: str) -> tuple[Finding, ...]:
        if any("POISON" in text.text for text, _ in texts):
            raise ZeroDivisionError
        return find(texts, *given)

    monkeypatch.setattr(classifier_module, "help_word_findings", fail_on_poison)
    batch = [sms("sos", STUDENT), sms(f"POISON {CALL}", STUDENT), sms("good morning", STUDENT)]
    assert [finding.failed for finding in classifier.classify(batch)] == [(), ("error",), ()]
    assert [finding.help > 0.5 for finding in classifier.classify(batch)] == [True, True, False]
    assert [finding.help > 0.5 for finding in classifier.first_look(batch)] == [True, True, False]


@pytest.mark.parametrize("numbers", [[5155550101, 5155550102, 5155550103], [20261201, 20261202], [1000000, 1000010]])
@pytest.mark.parametrize("words", ["", CALL])
def test_lists_of_rising_numbers_are_read(classifier: Classifier, numbers: list[int], words: str) -> None:
    """Such a list ended the process that read it, and a call for help beside it was not found."""
    for between in (" ", ", ", "\n"):
        text = sms(f"{words}\n\n{between.join(map(str, numbers))}\n", STUDENT)
        for finding in (one(classifier, text), *classifier.first_look([text])):
            assert (finding.help > 0.5) is bool(words)
            assert "error" not in finding.failed


def test_a_message_whose_reading_fails_is_judged_by_what_can_be_decoded(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> ExtractedMessage:
        raise MemoryError

    monkeypatch.setattr(classifier_module, "extract_message", fail)
    found = one(classifier, sms(GROOMING))
    assert found.failed == ("error",)
    assert any(finding.clause == "7a" for finding in found.findings)


@pytest.mark.parametrize(
    "step",
    [
        "help_word_findings",
        "text_findings",
        "supported_findings",
        "texts_to_reread",
        "rests_without_harmless_words",
        "help_findings",
        "distress_findings",
    ],
)
def test_a_step_that_fails_for_one_message_does_not_affect_the_others(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    jobs = [sms("see you at practice", STUDENT), sms("POISON, help me please, he hits me", STUDENT), sms(GROOMING)]
    alone = [classifier.classify([job])[0] for job in jobs]
    as_shipped = getattr(classifier_module, step)

    def fail_on_poison(*arguments: Any, **named: Any) -> Any:
        if "POISON" in repr(arguments):
            raise ZeroDivisionError
        return as_shipped(*arguments, **named)

    monkeypatch.setattr(classifier_module, step, fail_on_poison)
    found = classifier.classify(jobs)
    assert [verdict.failed for verdict in found] == [(), ("error",), ()]
    assert [verdict.findings for verdict in found[::2]] == [verdict.findings for verdict in alone[::2]]
    assert found[1].help > 0.5
    assert [look.first_look for look in classifier.first_look(jobs)] == [True] * 3


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([SMS, MAIL]))
def test_classification_never_raises(content: bytes, channel: str) -> None:
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


def test_a_word_repeated_many_times_makes_no_huge_verdict(classifier: Classifier) -> None:
    """The number of spans of a finding is bounded."""
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
def test_a_request_for_help_has_words_and_kind(classifier: Classifier, text: str, kinds: set[str], by: str) -> None:
    verdict = one(classifier, mail(letter(text), STUDENT))
    help_findings = [finding for finding in verdict.findings if finding.clause == HELP]
    assert verdict.help >= 0.5
    assert {finding.cue for finding in help_findings if finding.by == by} >= kinds
    assert {finding.score for finding in help_findings} == {verdict.help}
    assert all(
        text[span.start : span.end].strip() for finding in help_findings for span in finding.spans if span.part == "1"
    )


def test_staff_mail_and_ordinary_mail_have_no_help_findings(classifier: Classifier) -> None:
    for text, direction in (("My stepdad hits me, I am scared to go home.", STAFF), ("See you on Monday.", STUDENT)):
        verdict = one(classifier, sms(text, direction))
        assert [finding for finding in verdict.findings if finding.clause == HELP and finding.score >= 0.5] == []


def test_help_without_a_phrase_has_the_heaviest_words(classifier: Classifier) -> None:
    verdict = one(classifier, sms("Can you send me the homework for Monday?", STUDENT))
    help_findings = [finding for finding in verdict.findings if finding.clause == HELP]
    assert bool(help_findings) == (verdict.help >= 0.1)
    assert all(finding.spans and finding.by in ("linear", "encoder", "lexicon") for finding in help_findings)
