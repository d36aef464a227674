"""Requests of senders for another look at their messages, for reviewers."""
