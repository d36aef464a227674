"""The files of the roster for the console: what is in them, and importing a new set in a child process."""
