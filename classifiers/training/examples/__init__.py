"""Labeled messages: the corpus, public sets, augmentation, disguises."""
