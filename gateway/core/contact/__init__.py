"""Contact over time between one staff member and one student: what is counted, measured and said about it."""
