"""What classifiers compute from a text: vectors, features, annotations."""
