"""What reviewers read and write: lists, lookups, claims, undo, reminders, reports."""
