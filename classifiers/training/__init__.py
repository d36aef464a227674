"""Training and evaluation of the shipped model, from the corpus and optional public sets."""
