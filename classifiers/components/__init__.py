"""The components of the spaCy pipeline, in order: sentences, lexicon, links, confidential, linear, head, encoder.

A new one is a file here with an `@Language.factory` function that reads `evidence(doc).text`, adds to its hits and
returns the doc. Name it in `classifiers.pipeline.pipeline.RULES` and its cues in `head.cue_names`:
they are features of the head from the next training on.
"""
