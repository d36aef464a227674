"""Texts with other letters than those that are meant: of other keys, of other alphabets, other signs for vowels."""
