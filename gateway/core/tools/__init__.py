"""Classroom tools (clauses 2 and 3): the register, and what a link or an invitation stands for."""
