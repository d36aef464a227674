"""Reads past messages again with other words of a district: only those that have one of the words that changed."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.extract.extraction import extract_message
from classifiers.normalize.tokens import words_of
from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.district_words import DistrictWords
from classifiers.pipeline.job import Job, files_of
from classifiers.pipeline.texts import build_texts
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.district_words import DistrictWord


class WordsReplay:
    """Two lists of words on past messages. The model is that of the classifier; its words are replaced."""

    def __init__(self, classifier: Classifier, before: Sequence[DistrictWord], after: Sequence[DistrictWord]) -> None:
        changed = sorted({entry.word for entry in {*before} ^ {*after}})
        self._search = DistrictWords([DistrictWord(word, clause="words", score=1.0) for word in changed])
        self._normalizer = classifier.normalizer_with(self._search)
        classifier.use_words(after)
        self._classifier = classifier

    def read(self, job: Job) -> Verdict | None:
        """The verdict with the other words; None if the message has none of those that changed, or cannot be read."""
        try:
            texts, _ = build_texts(extract_message(job.content, job.channel, files_of(job)).passages, self._normalizer)
        except Exception:  # noqa: BLE001 - a message that cannot be read keeps the verdict that it has
            return None
        if not any(self._search.occur_in(words_of(text.text)) for text in texts):
            return None
        return self._classifier.classify([job])[0]


def words_replay(model: str, before: Sequence[DistrictWord], after: Sequence[DistrictWord]) -> WordsReplay:
    """The replay with a model. Raises `model_files.ModelError` when the model cannot be used."""
    return WordsReplay(load(model), before, after)
