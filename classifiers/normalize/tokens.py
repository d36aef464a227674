"""The tokenizer: splits a text into words and creates its annotations."""

from __future__ import annotations

import re

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from classifiers.features.annotations import USER_DATA_KEY, TextAnnotations

VOCABULARY_LIMIT = 200_000
"""Tokens after which the vocabulary is replaced. A memory zone frees words, but spaCy's tables do not shrink."""

_TOKEN = re.compile(r"([^\W_]+(?:'[^\W_]+)*)( ?)|([^\w\s]+|_+)( ?)|(\s+)")


class WordTokenizer:
    """The tokenizer of the pipeline. Contractions stay whole; punctuation and line ends are tokens."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self.tokens_seen = 0

    def __call__(self, text: str) -> Doc:
        """The doc of a text, with annotations that hold the text and its words."""
        tokens, spaces, words = [], [], []
        for match in _TOKEN.finditer(text):
            word, space, sign, space_after, blank = match.groups()
            if word is not None:
                tokens.append(word)
                spaces.append(space == " ")
                start = match.start()
                words.append((word.lower(), start, start + len(word)))
            elif sign is not None:
                tokens.append(sign)
                spaces.append(space_after == " ")
            else:
                tokens.append(blank)
                spaces.append(False)
        self.tokens_seen += len(tokens)
        doc = Doc(self.vocab, words=tokens, spaces=spaces)
        doc.user_data[USER_DATA_KEY] = TextAnnotations(text=text, words=words)
        return doc


def words_of(text: str) -> list[tuple[str, int, int]]:
    """The words of a text in lower case, each with its start and end, as a tokenizer splits them."""
    return [(match[1].lower(), match.start(), match.end(1)) for match in _TOKEN.finditer(text) if match[1] is not None]


def renew_vocabulary(nlp: Language) -> None:
    """Give a pipeline a new vocabulary after VOCABULARY_LIMIT tokens. Existing docs keep the old one."""
    words = nlp.tokenizer
    if isinstance(words, WordTokenizer) and words.tokens_seen > VOCABULARY_LIMIT:
        nlp.vocab = words.vocab = Vocab()
        words.tokens_seen = 0
