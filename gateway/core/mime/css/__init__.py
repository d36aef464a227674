"""Style sheets: which rules apply to an element, and whether text with the resulting style can be seen."""
