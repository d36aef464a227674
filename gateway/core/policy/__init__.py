"""The district's policy: what it says, who forms a pair, what is decided, who is authorized."""
