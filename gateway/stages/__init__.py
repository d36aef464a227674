"""The stages of a message, one module each: intake, publication, disposition, delivery.

Moderation applies a reviewer's decision to a held message. Notification carries out what follows a change of state.
"""
