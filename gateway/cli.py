"""The command `chaperone`: what it understands, and how it ends.

Exit codes: 0 ok; 1 a check failed or a thing was refused; 2 wrong usage or configuration.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from gateway.core.fault import Fault
from gateway.ports.messages import StoreDown

_DIRECTIONS = ("staff_to_student", "student_to_staff")
ROLES = ("smtp", "sms", "classify", "decide", "deliver", "console")
ACCOUNT_ROLES = ("technology_director", "building_administrator", "security", "auditor", "staff")


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="chaperone", description="A streaming message gateway for school districts.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str, under: argparse._SubParsersAction[argparse.ArgumentParser] = commands,
                config: bool = True, optional: bool = False) -> argparse.ArgumentParser:  # fmt: skip
        made = under.add_parser(name, help=text, description=text, allow_abbrev=False)
        if config:
            made.add_argument(
                "-c", "--config", type=Path, required=not optional, metavar="FILE", help="the configuration file"
            )
        return made

    def group(name: str, text: str) -> argparse._SubParsersAction[argparse.ArgumentParser]:
        made = command(name, text, config=False)
        return made.add_subparsers(dest="deed", metavar="DEED", required=True)

    demo = command("demo", "the whole product with a sample district", config=False)
    demo.add_argument("--dir", type=Path, help="where to keep it; default: a temporary folder")
    demo.add_argument("--traffic", action=argparse.BooleanOptionalAction, default=True, help="sample messages flow")
    demo.add_argument("--keep", action="store_true", help="do not remove the folder at the end")

    serve = command("serve", "run all roles, or those named")
    serve.add_argument("--role", action="append", choices=ROLES, help="run this role; may be given several times")

    command("check", "validate the configuration and everything that it names")

    directory = group("directory", "the roster")
    imported = command("import", "take a OneRoster folder or zip in", directory)
    imported.add_argument("path", type=Path, metavar="PATH")
    imported.add_argument("--dry-run", action="store_true", help="only show what would change")
    command("show", "what the directory knows of an address", directory).add_argument("address", metavar="ADDRESS")

    held = group("held", "the queue of held messages")
    command("list", "what is held, the earliest due first", held).add_argument("--json", action="store_true")
    shown = command("show", "one held message", held)
    shown.add_argument("id", metavar="ID")
    shown.add_argument("--json", action="store_true")
    for deed, text in (("release", "deliver what is held of a message"), ("reject", "refuse it and tell the sender")):
        made = command(deed, text, held)
        made.add_argument("id", metavar="ID")
        made.add_argument("--reason", default="", metavar="TEXT")

    trace = command("trace", "where is my message: states and times, no content")
    which = trace.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", default="", metavar="ID")
    which.add_argument("--message-id", default="", metavar="MID")
    which.add_argument("--address", default="", metavar="A")
    trace.add_argument("--json", action="store_true")

    classify = command("classify", "explain one message, or a batch with --jsonl", optional=True)
    classify.add_argument("file", nargs="?", default="-", metavar="FILE.eml", help="a message; - is standard input")
    form = classify.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one row")
    form.add_argument("--jsonl", action="store_true", help="rows in on standard input, rows out")
    classify.add_argument("--direction", choices=_DIRECTIONS, default=_DIRECTIONS[0])

    policy = group("policy", "the policy in force")
    for deed, text in (("show", "clauses, thresholds and actions"), ("check", "validate it")):
        command(deed, text, policy).add_argument("--policy", type=Path, metavar="FILE", help="another policy file")
    tried = command("simulate", "what a changed policy would have held or released of past traffic", policy)
    tried.add_argument("--policy", type=Path, metavar="NEW.toml", help="the changed policy file")
    tried.add_argument("--since", default="7d", metavar="TIME", help="how far back, such as 12h or 7d; default: 7d")
    tried.add_argument(
        "--minutes", type=float, default=2.0, metavar="N", help="what one held message costs a reviewer; default: 2"
    )
    tried.add_argument("--json", action="store_true")

    audit = group("audit", "the audit log")
    command("verify", "check the hash chain", audit)
    command("export", "write it out, so that it can be checked offline", audit)

    user = group("user", "accounts of the console")
    added = command("add", "make an account; its password is asked for, or read from standard input", user)
    added.add_argument("name", metavar="NAME")
    added.add_argument("--role", required=True, choices=ACCOUNT_ROLES)
    added.add_argument(
        "--building", action="append", default=[], metavar="ORG", help="sourcedId; may be given several times"
    )
    added.add_argument("--person", default="", metavar="PERSON", help="sourcedId of whose account it is")
    changed = command("passwd", "reset a password; the account is signed out everywhere, its tokens revoked", user)
    changed.add_argument("name", metavar="NAME")
    changed.add_argument("--keep-tokens", action="store_true", help="its API tokens go on")
    for made in (added, changed):
        made.add_argument("--password-stdin", action="store_true", help="the first line of standard input")
    added.add_argument("--by-service", action="store_true", help="no password: signs in by the district's own service")
    command(
        "codes-off", "ask for no code or passkey any more: phone and emergency codes, or the device, are gone", user
    ).add_argument("name", metavar="NAME")
    command("disable", "end an account with its sessions and tokens", user).add_argument("name", metavar="NAME")
    command("list", "every account", user)

    token = group("token", "API tokens")
    created = command("create", "make a token and print it, once", token)
    created.add_argument("--user", required=True, metavar="NAME")
    created.add_argument("--expires", default="90d", metavar="TIME", help="such as 12h or 90d; default: 90d")
    created.add_argument("--read-only", action="store_true", help="it decides nothing, whatever the account may")
    command("revoke", "end a token", token).add_argument("id", metavar="ID", help="as `token list` shows it")
    command("list", "every token, without the tokens themselves", token)

    feedback = group("feedback", "what people decided, for the classifiers")
    command("export", "labelled examples of what was released and rejected, on standard output", feedback)

    model = group("model", "a model beside the one in force")
    for deed, text in (
        ("shadow", "read stored messages again with another model, and show what it would decide otherwise"),
        ("promote", "put another model in force, unless a clause or help would get worse"),
    ):
        made = command(deed, text, model)
        made.add_argument("candidate", type=Path, metavar="FOLDER", help="as `chaperone train` wrote it")
        made.add_argument("--examples", type=Path, action="append", default=[], metavar="FILE",
                          help="further labelled messages, as `feedback export` writes them")  # fmt: skip

    train = command("train", "train the classifiers", config=False)
    train.add_argument("--out", type=Path, required=True, help="folder for the new model")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--data", type=Path, action="append", default=[], help="a folder of optional public sets")
    train.add_argument("--examples", type=Path, action="append", default=[], metavar="FILE",
                       help="further labelled messages, as `feedback export` writes them")  # fmt: skip
    train.add_argument(
        "--from",
        dest="base",
        type=Path,
        metavar="FOLDER",
        help="a model whose encoders are taken further (with --encoder)",
    )
    train.add_argument("--encoder", action="store_true", help="fit the encoders too (needs the extra train-encoders)")
    evaluate = command("evaluate", "figures of a model on held-out messages", config=False)
    evaluate.add_argument("--model", default="", help="a model folder; default: the shipped one")
    evaluate.add_argument("--data", type=Path, action="append", default=[], help="a folder of optional public sets")
    evaluate.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the curves too (needs the extra plots)")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = parser().parse_args(arguments)
    try:
        # Each command is a module of its own, so that none pays for what another imports.
        return int(import_module(f"gateway.commands.{given.command}").run(given) or 0)
    except Fault as fault:
        print(f"chaperone: {fault}", file=sys.stderr)
        return fault.exit_code
    except StoreDown as down:
        mend = "see that the database runs and has room, then try again"
        print(f"chaperone: store.url: the store went away in the middle ({down}): {mend}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
