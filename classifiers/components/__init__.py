"""The components of the spaCy pipeline, in order: sentences, lexicon, links, confidential, linear, head, encoder.

To add one, write a module here with an `@Language.factory` function that reads `annotations_of(doc).text`, appends to
`hits` and returns the doc. Add its name to `classifiers.pipeline.rules.RULES` and its cues to
`head.cue_feature_names`: they are features of the head from the next training on.
"""
