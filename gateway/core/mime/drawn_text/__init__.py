"""Letters that are drawn: with signs, words or cells, or by how the signs of a text look."""
