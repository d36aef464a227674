"""The components of the spaCy pipeline, in order: sentences, lexicon, links, confidential, linear, head.

A new one is a file here with an `@Language.factory` function that reads `doc.text`, adds to `evidence(doc)` and gives
the doc back; name it in `classifiers.pipeline.COMPONENTS`, and its cues become features of the head at the next training.
"""
