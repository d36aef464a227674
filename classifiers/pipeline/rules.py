"""What the classifiers need no model for: the components of rules, and the normalizer, both made of the lexicons."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import spacy
from spacy.language import Language

from classifiers.components import confidential, lexicon, links, sentences
from classifiers.normalize.normalization import Normalizer
from classifiers.normalize.tokens import WordTokenizer
from classifiers.pipeline.district_words import DistrictWords, NormalizerWithWords

RULES = ("chaperone_sentences", "chaperone_lexicon", "chaperone_links", "chaperone_confidential")
"""The components that need no model, in order. The linear model, the head and the encoders come after them."""

EXPLICIT = ("obscene", "slur", "sexual")
"""Cues whose words are often masked: "f*ck"."""

_REGISTERED = (sentences, lexicon, links, confidential)  # importing these modules registers their factories


def build_rule_pipeline(lexicons: str = "") -> Language:
    """The pipeline without a model: sentences, lexicon, links, detectors. `lexicons`: a folder of more cues."""
    nlp = spacy.blank("xx")
    nlp.tokenizer = WordTokenizer(nlp.vocab)
    nlp.max_length = 10**9  # extraction has bounded the text
    # No component uses word shapes, and a memory zone would compute them again for every batch.
    nlp.vocab.lex_attr_getters.clear()  # type: ignore[attr-defined]  # spaCy's vocabulary has no types here
    for name in RULES:
        nlp.add_pipe(name, config={"folder": lexicons} if name == "chaperone_lexicon" else {})
    return nlp


def build_normalizer(known: Collection[str], lexicons: str = "", words: DistrictWords | None = None) -> Normalizer:
    """The normalizer that goes with the lexicons; `known` are further words of the covered languages."""
    sensitive, masked = _words_of_cues(lexicons)
    return NormalizerWithWords(known, sensitive, masked, words) if words else Normalizer(known, sensitive, masked)


@cache
def _words_of_cues(lexicons: str) -> tuple[frozenset[str], frozenset[str]]:
    """The single words of all cues of clauses, and of those that are often masked."""
    cues = lexicon.cues(lexicons)
    of_clauses = frozenset(cue.name for cue in cues if cue.clause not in lexicon.NOT_CLAUSES)
    return lexicon.single_words(cues, of_clauses), lexicon.single_words(cues, EXPLICIT)
