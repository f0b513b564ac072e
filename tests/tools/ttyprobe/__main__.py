# ruff: noqa: UP031
"""The command: `python -m tests.tools.ttyprobe`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tools.ttyprobe.link import LINKS, _number
from tests.tools.ttyprobe.profiles import PROFILES, ProbeError, __version__
from tests.tools.ttyprobe.scenario import Step, _size, check_assertions, load_scenario, run_scenario
from tests.tools.ttyprobe.stats import _cell, markdown_table, merge_results


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=_size, help="columns x lines, e.g. 120x40")
    parser.add_argument("--term")
    parser.add_argument("--colorterm", help="value of COLORTERM ('' to leave it unset)")
    parser.add_argument(
        "--env", action="append", default=[], metavar="K=V", help="set a variable for the program (K= alone unsets)"
    )
    parser.add_argument("--link", choices=sorted(LINKS))
    parser.add_argument("--rtt", help="round trip, ms (or 200ms)")
    parser.add_argument("--rate", help="bytes/s, or 64kbit")
    parser.add_argument("--profile", choices=sorted(PROFILES))
    parser.add_argument("--quiet", type=_number, help="silence that counts as settled")
    parser.add_argument("--timeout", type=_number)
    parser.add_argument("--runs", type=int, default=1, help="repeat, report medians")
    parser.add_argument("--out", help="folder for screens (and --cast)")
    parser.add_argument("--cast", action="store_true", help="record asciicast v2")
    parser.add_argument("--json", metavar="FILE", help="write the full result ('-': stdout)")
    parser.add_argument("--name")
    parser.add_argument("-v", "--verbose", action="store_true")


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    env: dict[str, str | None] = {}
    for pair in args.env:
        key, _, value = pair.partition("=")
        env[key] = value or None
    return {
        "size": args.size,
        "term": args.term,
        "colorterm": args.colorterm,
        "env": env,
        "link": LINKS[args.link] if args.link else None,
        "rtt": args.rtt,
        "rate": args.rate,
        "profile": args.profile,
        "quiet": args.quiet,
        "timeout": args.timeout,
    }


def _finish(args: argparse.Namespace, steps: Sequence[Step], runs: list[dict[str, Any]]) -> int:
    result = merge_results(runs)
    if args.name:
        result["name"] = args.name
    failed = check_assertions(steps, result)
    result["failed_assertions"] = failed
    if args.json == "-":
        json.dump(result, sys.stdout, indent=1)
        print()
    else:
        if args.json:
            Path(args.json).write_text(json.dumps(result, indent=1) + "\n")
        print(markdown_table([result]), end="")
        if result["waits"]:
            print("\nwaits: " + "; ".join("%s %s ms" % (w["label"], _cell(w["ms"])) for w in result["waits"]))
        print("start-up and marks: " + ", ".join("%s %s" % (k, _cell(v)) for k, v in result["startup"].items()))
    for line in failed:
        print("FAILED " + line, file=sys.stderr)
    return 1 if failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    command: list[str] | None = None
    if "--" in argv:
        at = argv.index("--")
        argv, command = argv[:at], argv[at + 1 :]
    parser = argparse.ArgumentParser(prog="ttyprobe", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=__version__)
    sub = parser.add_subparsers(dest="verb", required=True)
    run = sub.add_parser("run", help="run a scenario file [-- command to use instead]")
    run.add_argument("scenario")
    run.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="value of ${NAME} in the scenario"
    )
    _common(run)
    once = sub.add_parser(
        "exec", help="start a command, measure start-up and keys: exec --wait Inbox --key 'j*20' -- cmd"
    )
    once.add_argument("--wait", action="append", default=[], metavar="TEXT")
    once.add_argument("--key", action="append", default=[], metavar="KEY[*N]")
    once.add_argument("--dump", metavar="NAME", help="dump the last screen under --out")
    _common(once)
    table = sub.add_parser("table", help="markdown table from JSON results")
    table.add_argument("files", nargs="+")
    args = parser.parse_args(argv)

    try:
        if args.verb == "table":
            print(markdown_table([json.loads(Path(f).read_text()) for f in args.files]))
            return 0
        if args.verb == "run":
            variables = dict(pair.partition("=")[::2] for pair in args.set)
            steps = load_scenario(args.scenario, variables)
        else:
            if not command:
                parser.error("exec needs: -- command")
            steps = [Step("wait-text", [w]) for w in args.wait] + [Step("settle")]
            for spec in args.key:
                key, star, count = spec.rpartition("*")
                if not (star and count.isdigit()):
                    key, count = spec, "1"
                steps.append(Step("key", [key], {"repeat": count}))
            if args.dump:
                steps.append(Step("dump", [args.dump]))
        log = (lambda line: print(line, file=sys.stderr)) if args.verbose else (lambda _l: None)
        runs = [
            run_scenario(steps, out=args.out, overrides=_overrides(args), cast=args.cast, command=command, log=log)
            for _ in range(args.runs)
        ]
        return _finish(args, steps, runs)
    except (ProbeError, OSError, KeyError) as error:
        print("ttyprobe: %s" % error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
