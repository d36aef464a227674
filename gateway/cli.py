"""The command `chaperone`: its options, and its exit codes.

Exit codes: 0 success; 1 a check failed or something was refused; 2 wrong usage or configuration.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from gateway.core.fault import Fault
from gateway.ports.messages import StoreDown

_DIRECTIONS = ("staff_to_student", "student_to_staff")
ROLES = ("smtp", "sms", "classify", "decide", "deliver", "console")
ACCOUNT_ROLES = ("technology_director", "building_administrator", "security", "auditor", "staff")

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    """The argument parser of all commands."""
    top = argparse.ArgumentParser(
        prog="chaperone",
        description="A streaming message gateway for school districts.",
        epilog="`chaperone COMMAND --help` explains a command.",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, indent_increment=1),
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"chaperone {version('chaperone-gateway')}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for add in (
        _demo, _serve, _check, _held, _flagged, _queue, _trace, _classify, _policy, _contact, _tools, _directory, _user,
        _token, _audit, _export, _feedback, _model, _train, _evaluate,
    ):  # fmt: skip
        add(commands)
    return top


def _command(
    parent: Subparsers, name: str, text: str, *, config: bool = True, optional: bool = False
) -> argparse.ArgumentParser:
    command = parent.add_parser(name, help=text, description=text, allow_abbrev=False)
    if config:
        command.add_argument(
            "-c", "--config", type=Path, required=not optional, metavar="FILE", help="the configuration file"
        )
    return command


def _group(parent: Subparsers, name: str, text: str) -> Subparsers:
    group = _command(parent, name, text, config=False)
    return group.add_subparsers(dest="action", metavar="ACTION", required=True)


def _demo(commands: Subparsers) -> None:
    demo = _command(commands, "demo", "run the whole product with a sample district", config=False)
    demo.add_argument("--dir", type=Path, help="the folder to use; default: a temporary folder")
    demo.add_argument("--traffic", action=argparse.BooleanOptionalAction, default=True, help="send sample messages")
    demo.add_argument("--keep", action="store_true", help="do not remove the folder at the end")


def _serve(commands: Subparsers) -> None:
    serve = _command(commands, "serve", "run all roles, or those given")
    serve.add_argument("--role", action="append", choices=ROLES, help="run this role; may be given several times")


def _check(commands: Subparsers) -> None:
    _command(commands, "check", "validate the configuration and everything it refers to")


def _directory(commands: Subparsers) -> None:
    directory = _group(commands, "directory", "the roster")
    imported = _command(directory, "import", "import a OneRoster folder or zip file")
    imported.add_argument("path", type=Path, metavar="PATH")
    imported.add_argument("--dry-run", action="store_true", help="only show what would change")
    show = _command(directory, "show", "show what the directory knows about an address")
    show.add_argument("address", metavar="ADDRESS")
    unknown = _command(directory, "unknown", "list district addresses that neither roster nor groups know")
    accounts = _command(directory, "accounts", "list outside addresses that count as personal accounts")
    accounts.add_argument(
        "--status", choices=("guessed", "confirmed", "refused", "all"), default="guessed", help="default: guessed"
    )
    for name, text in (
        ("confirm", "say that an outside address is a personal account of a person"),
        ("refuse", "say that an outside address is no personal account of a person"),
    ):
        decision = _command(directory, name, text)
        decision.add_argument("address", metavar="ADDRESS")
        decision.add_argument("person", metavar="PERSON", help="the sourcedId, or a district address of the person")
        decision.add_argument("--reason", default="", metavar="TEXT")
    organization = _command(directory, "organization", "list, register or remove organizations that write to students")
    organization.add_argument("name", nargs="?", default="", metavar="NAME", help="an address or a domain")
    organization.add_argument("--label", default="", metavar="TEXT", help="what it is")
    organization.add_argument("--remove", action="store_true", help="remove it")
    children = _command(directory, "suggest-children", "list staff members who may be parents of students")
    for listing in (unknown, accounts, organization, children):
        listing.add_argument("--json", action="store_true", help="print rows of JSON")
    example = _command(directory, "example", "write a small OneRoster roster to start from", config=False)
    example.add_argument("folder", type=Path, metavar="FOLDER", help="a new or empty folder")


def _held(commands: Subparsers) -> None:
    held = _group(commands, "held", "the queue of held messages")
    listed = _command(held, "list", "list held messages: the urgent ones, then the earliest due")
    listed.add_argument("--json", action="store_true")
    show = _command(held, "show", "show one held message")
    show.add_argument("id", metavar="ID")
    show.add_argument("--json", action="store_true")
    for name, text in (
        ("release", "deliver a held message"),
        ("reject", "refuse a held message and notify its sender"),
    ):
        decision = _command(held, name, text)
        decision.add_argument("id", metavar="ID")
        decision.add_argument("--reason", default="", metavar="TEXT")


def _flagged(commands: Subparsers) -> None:
    flagged = _group(commands, "flagged", "delivered messages that people look at")
    listed = _command(flagged, "list", "list those that nobody has acknowledged, the earliest due first")
    listed.add_argument("--kind", choices=("flag", "sample", "shadow"), default="flag",
                        help="flagged (default), in the random sample, or held but for shadow mode")  # fmt: skip
    listed.add_argument("--json", action="store_true")
    answer = _command(flagged, "acknowledge", "say that a message is fine, or a violation")
    answer.add_argument("id", metavar="ID")
    answer.add_argument("--outcome", required=True, choices=("fine", "violation"))
    answer.add_argument("--reason", default="", metavar="TEXT")


def _queue(commands: Subparsers) -> None:
    queue = _group(commands, "queue", "what waits to leave, and why")
    for name, text, required in (
        ("list", "list what is queued, and work items that are stuck", False),
        ("show", "show all recipients of one message", True),
        ("retry", "make what is queued or stuck due now", False),
        ("expire", "bounce what is queued or stuck", False),
    ):
        command = _command(queue, name, text)
        command.add_argument("id", nargs=None if required else "?", metavar="ID")
        command.add_argument("--stuck", action="store_true", help="only what failed too often in an unforeseen way")
        command.add_argument("--next-hop", metavar="NAME", help="only mail behind this next hop")
        command.add_argument("--json", action="store_true")


def _trace(commands: Subparsers) -> None:
    trace = _command(commands, "trace", "find a message: states and times, no content")
    by = trace.add_mutually_exclusive_group(required=True)
    by.add_argument("--id", default="", metavar="ID")
    by.add_argument("--message-id", default="", metavar="MID")
    by.add_argument("--address", default="", metavar="A")
    trace.add_argument("--json", action="store_true")


def _classify(commands: Subparsers) -> None:
    classify = _command(commands, "classify", "explain one message, or a batch with --jsonl", optional=True)
    classify.add_argument("file", nargs="?", default="-", metavar="FILE.eml", help="a message; - is standard input")
    output = classify.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one row")
    output.add_argument("--jsonl", action="store_true", help="read rows from standard input and print a row for each")
    classify.add_argument("--direction", choices=_DIRECTIONS, default=_DIRECTIONS[0])


def _policy(commands: Subparsers) -> None:
    policy = _group(commands, "policy", "the policy in force, its versions, and changes of it")
    for name, text in (
        ("show", "show clauses, thresholds and actions of the policy in force"),
        ("check", "validate a policy, and name the rules that can never fire"),
        ("diff", "say in words what a changed policy would change"),
        ("publish", "put a changed policy in force in all processes, without a restart"),
    ):
        command = _command(policy, name, text)
        help_ = "another policy file" if name in ("show", "check") else "the changed policy file; default: policy.file"
        command.add_argument("--policy", type=Path, metavar="FILE", help=help_)
        if name == "diff":
            command.add_argument("--json", action="store_true", help="print JSON")
        if name == "publish":
            command.add_argument("--note", default="", metavar="TEXT", help="why it changes, kept with the version")
    listed = _command(policy, "versions", "list the versions of the policy: author, time and hash")
    listed.add_argument("--json", action="store_true", help="print JSON")
    simulate = _command(policy, "simulate", "show what a changed policy would have held or released of past traffic")
    simulate.add_argument("--policy", type=Path, metavar="NEW.toml", help="the changed policy file")
    simulate.add_argument("--since", default="7d", metavar="TIME", help="how far back, such as 12h or 7d; default: 7d")
    simulate.add_argument(
        "--minutes", type=float, default=2.0, metavar="N", help="a reviewer's minutes for one held message; default: 2"
    )
    simulate.add_argument("--json", action="store_true")
    replay = _command(policy, "replay", "show what the policy makes of a story of dated messages; nothing is sent")
    replay.add_argument("story", type=Path, metavar="STORY.jsonl", help="one message a line")
    replay.add_argument("--policy", type=Path, metavar="FILE", help="another policy file")
    replay.add_argument("--json", action="store_true", help="print a row for each message")


def _contact(commands: Subparsers) -> None:
    contact = _group(commands, "contact", "contact over time between a staff member and a student")
    show = _command(contact, "show", "show what clause 5 counts of a pair, in numbers and words")
    show.add_argument("staff", metavar="STAFF", help="a sourcedId or an address")
    show.add_argument("student", metavar="STUDENT", help="a sourcedId or an address")
    show.add_argument("--since", default="60d", metavar="TIME", help="how far back, such as 12h or 60d; default: 60d")
    show.add_argument("--json", action="store_true")
    rebuild = _command(contact, "rebuild", "count contact again from the stored messages")
    rebuild.add_argument("--since", default="", metavar="TIME", help="how far back, such as 60d; default: everything")


def _tools(commands: Subparsers) -> None:
    tools = _group(commands, "tools", "the register of classroom tools (clauses 2 and 3)")
    listed = _command(tools, "list", "list the tools that are registered or requested")
    listed.add_argument("domain", nargs="?", default="", metavar="DOMAIN", help="only this tool")
    listed.add_argument("--all", action="store_true", help="tools that were removed too")
    listed.add_argument("--used", action="store_true", help="tools in use that are not registered, most used first")
    add = _command(tools, "add", "register a tool, or change what is registered about it")
    add.add_argument("domain", metavar="DOMAIN", help="such as quiz.example.com; domains below it are included")
    for option, meaning in (
        ("--name", "the name that people write"), ("--owner", "an address, a sourcedId or a name"),
        ("--building", "the sourcedId of an org; none for the whole district"),
        ("--administrator-access", "who has administrator access; without it the tool is only requested"),
    ):  # fmt: skip
        add.add_argument(option, metavar="TEXT", help=meaning)
    for option, meaning in (
        ("--access-since", "since when; default: now"), ("--review", "when the tool is to be reviewed"),
        ("--until", "the last day of the registration"),
    ):  # fmt: skip
        add.add_argument(option, metavar="DATE", help=f"{meaning}, such as 2027-06-30")
    remove = _command(tools, "remove", "remove a tool, or decline a request for it")
    remove.add_argument("domain", metavar="DOMAIN")
    for command in (listed, add, remove):
        command.add_argument("--json", action="store_true", help="print rows of JSON")


def _audit(commands: Subparsers) -> None:
    audit = _group(commands, "audit", "the audit log")
    _command(audit, "verify", "check the hash chain")
    _command(audit, "export", "write the log to standard output, so that it can be verified offline")


def _export(commands: Subparsers) -> None:
    export = _group(commands, "export", "what is kept about a person")
    person = _command(export, "person", "write everything that is kept about a person to a zip file")
    person.add_argument("person", metavar="PERSON", help="a sourcedId, an address or a number")
    person.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="the file to write")
    person.add_argument("--redact", action="store_true", help="mask others, and leave out what must not be given out")


def _user(commands: Subparsers) -> None:
    user = _group(commands, "user", "console accounts")
    add = _command(user, "add", "add an account; the password is prompted for, or read from standard input")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=ACCOUNT_ROLES)
    add.add_argument(
        "--building", action="append", default=[], metavar="ORG", help="a sourcedId; may be given several times"
    )
    add.add_argument("--person", default="", metavar="PERSON", help="the sourcedId of the account's owner")
    add.add_argument("--no-person", action="store_true", help="nobody of the roster owns this account: do not warn")
    passwd = _command(user, "passwd", "reset a password; ends all sessions and revokes the account's tokens")
    passwd.add_argument("name", metavar="NAME")
    passwd.add_argument("--keep-tokens", action="store_true", help="keep the account's API tokens")
    for command in (add, passwd):
        command.add_argument("--password-stdin", action="store_true", help="the first line of standard input")
    add.add_argument("--by-service", action="store_true", help="no password: sign in through the district's service")
    _command(
        user, "codes-off", "remove an account's second step: authenticator, recovery codes and passkeys"
    ).add_argument("name", metavar="NAME")
    _command(user, "disable", "disable an account; ends its sessions and revokes its tokens").add_argument(
        "name", metavar="NAME"
    )
    _command(user, "list", "list all accounts")


def _token(commands: Subparsers) -> None:
    token = _group(commands, "token", "API tokens")
    create = _command(token, "create", "create a token and print it once")
    create.add_argument("--user", required=True, metavar="NAME")
    create.add_argument("--expires", default="90d", metavar="TIME", help="such as 12h or 90d; default: 90d")
    create.add_argument("--read-only", action="store_true", help="the token cannot decide, whatever the account may do")
    _command(token, "revoke", "revoke a token").add_argument("id", metavar="ID", help="as `token list` shows it")
    _command(token, "list", "list all tokens, without their secrets")


def _feedback(commands: Subparsers) -> None:
    feedback = _group(commands, "feedback", "decisions of people as training data")
    _command(feedback, "export", "write labeled examples of released and rejected messages to standard output")


def _model(commands: Subparsers) -> None:
    model = _group(commands, "model", "compare and install another model")
    for name, text in (
        ("shadow", "classify stored messages with another model and show what it would decide differently"),
        ("promote", "install another model, unless a clause or help detection would get worse"),
    ):
        command = _command(model, name, text)
        command.add_argument("candidate", type=Path, metavar="FOLDER", help="as `chaperone train` wrote it")
        if name == "promote":
            _corpus(command)
        command.add_argument("--examples", type=Path, action="append", default=[], metavar="FILE",
                             help="more labeled messages, as `feedback export` writes them")  # fmt: skip


def _corpus(command: argparse.ArgumentParser) -> None:
    text = "the labeled messages; default: classifiers/training/corpus, which installed packages do not have"
    command.add_argument("--corpus", type=Path, metavar="FOLDER", help=text)


def _train(commands: Subparsers) -> None:
    train = _command(commands, "train", "train the classifiers", config=False)
    train.add_argument("--out", type=Path, required=True, help="the folder for the new model")
    train.add_argument("--seed", type=int, default=1)
    _corpus(train)
    train.add_argument("--data", type=Path, action="append", default=[], help="a folder of optional public data sets")
    train.add_argument("--examples", type=Path, action="append", default=[], metavar="FILE",
                       help="more labeled messages, as `feedback export` writes them")  # fmt: skip
    train.add_argument("--from", dest="base", type=Path, metavar="FOLDER",
                       help="a model whose encoders are kept, or trained further with --encoder")  # fmt: skip
    train.add_argument("--encoder", action="store_true", help="train the encoders too (needs the extra train-encoders)")
    train.add_argument("--average-with", type=Path, metavar="FOLDER",
                       help="a model: average the weights of its first encoder with the new ones")  # fmt: skip
    train.add_argument("--teachers", type=Path, metavar="FOLDER",
                       help="a model: with --encoder, one encoder learns from those of this")  # fmt: skip
    train.add_argument("--move-hold", type=float, default=0.0, metavar="LOGIT",
                       help="add this to the logits of held clauses, so more is held")  # fmt: skip


def _evaluate(commands: Subparsers) -> None:
    evaluate = _command(commands, "evaluate", "measure a model on held-out messages", config=False)
    evaluate.add_argument("--model", default="", help="a model folder; default: the shipped model")
    _corpus(evaluate)
    evaluate.add_argument(
        "--data", type=Path, action="append", default=[], help="a folder of optional public data sets"
    )
    evaluate.add_argument("--card", type=Path, metavar="FILE", help="write the figures into a model card")
    evaluate.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the curves too (needs the extra plots)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Without a command, list them."""
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 0
    try:
        # Commands are imported on demand, so that none pays for the imports of another.
        return int(import_module(f"gateway.commands.{options.command}").run(options) or 0)
    except Fault as fault:
        print(f"chaperone: {fault}", file=sys.stderr)
        return fault.exit_code
    except StoreDown as down:
        hint = "check that the database runs and has free space, then try again"
        print(f"chaperone: store.url: the store failed during the command ({down}): {hint}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
