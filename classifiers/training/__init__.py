"""Training and evaluation of the shipped model, from the corpora in corpus/ and optional public sets."""
