"""The policy: its clauses, who forms a pair, what is decided, who reviews, who is authorized."""
