"""Words that a file holds in another order than that in which a person reads them: by numbers, names, references."""
