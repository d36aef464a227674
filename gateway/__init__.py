"""Chaperone, in the order in which a message passes through it.

relays/         ways in: a peer hands over a message (SMTP, SMPP, Twilio)
directory/      who is who: the roster, which decides whether a message is in scope
stages/         one step each: intake, publication, disposition, delivery, moderation, notification
store/          the database: SQLite or PostgreSQL
bus/            the stream: Apache Kafka or its in-process twin
transports/     ways out: the next hop takes over a message (SMTP, SMPP, Twilio)
core/           the logic that all of them share, without I/O
ports/          the interfaces that stages and services need from store, bus and transports
policies/       the shipped policy
console/        web pages and API
observability/  event log, metrics and health
settings/       reads the configuration file and the environment
assembly/       builds and wires the parts
commands/       the commands of the command line, which cli.py parses
demo/           a sample district
"""
