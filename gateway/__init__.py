"""Chaperone, in the order in which a message walks through it.

relays/      the ways in: a peer hands a message over (smtp, smpp, twilio)
directory/   who is who: the roster that settles whether a message is in scope
stages/      one step of the way per file: intake, publication, disposition, delivery, moderation, notification
store/       the truth: SQLite or PostgreSQL;  bus/  the stream: Apache Kafka or its in-process twin
transports/  the ways out: the next hop takes it over (smtp, smpp, twilio)
core/        what all of them think with, pure;  ports.py  what the stages ask of bus, store and transports
policies/    the shipped policy;  console/  pages and API;  demo/  a sample district
settings.py  the one reader of file and environment;  assembly/  puts the parts together;  cli.py  the commands
"""
