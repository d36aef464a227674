"""Stories that the tests do not play: months of plays, exams and teams, and what principals look at."""
