"""Text of which a page shows a part: where boxes cut it or others cover it, and what is left to see."""
