"""One file per version of the tables. A migration that was ever released is never changed."""
