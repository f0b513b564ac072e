# ruff: noqa: UP031
"""Scenario files: steps, expectations and budgets."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tools.ttyprobe.keys import split_keys
from tests.tools.ttyprobe.link import LINKS, _number, make_link
from tests.tools.ttyprobe.profiles import ProbeError, now
from tests.tools.ttyprobe.session import Session
from tests.tools.ttyprobe.stats import _cell, _ms


@dataclass
class Step:
    op: str
    args: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    where: str = ""


_SETTINGS = {
    "spawn",
    "shell",
    "size",
    "term",
    "colorterm",
    "env",
    "link",
    "rtt",
    "rate",
    "profile",
    "quiet",
    "timeout",
    "cwd",
    "name",
}
_OPTION = re.compile(r"([a-z_]+)=(.*)", re.S)


def _substitute(text: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in variables:
            return variables[name]
        if name in os.environ:
            return os.environ[name]
        raise ProbeError("scenario wants ${%s}: give --set %s=..." % (name, name))

    return re.sub(r"\$\{(\w+)\}", value, text)


def load_scenario(path: str | Path, variables: dict[str, str] | None = None) -> list[Step]:
    """Read a ``.probe`` (line based), ``.json`` or ``.yaml`` scenario."""
    path = Path(path)
    text = _substitute(path.read_text(), {"here": str(path.resolve().parent), **(variables or {})})
    if path.suffix in (".json", ".yaml", ".yml"):
        if path.suffix == ".json":
            raw = json.loads(text)
        else:
            try:
                import yaml  # type: ignore[import-untyped]
            except ImportError as error:
                raise ProbeError("%s: PyYAML is not installed" % path) from error
            raw = yaml.safe_load(text)
        return [
            _step_from_data(item, "%s[%d]" % (path.name, i))
            for i, item in enumerate(raw["steps"] if isinstance(raw, dict) else raw)
        ]
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise ProbeError("%s:%d: %s" % (path, number, error)) from error
        if not words:
            continue
        args: list[str] = []
        options: dict[str, str] = {}
        for word in words[1:]:
            match = _OPTION.fullmatch(word)
            plain = words[0] in ("spawn", "shell", "env", "assert")
            if match and not plain:
                options[match[1]] = match[2]
            else:
                args.append(word)
        steps.append(Step(words[0], args, options, "%s:%d" % (path.name, number)))
    return steps


def _step_from_data(item: Any, where: str) -> Step:
    """``{"key": "j", "repeat": 20, "label": "down"}`` or ``["settle"]`` or ``"settle"``."""
    if isinstance(item, str):
        return Step(item, where=where)
    if isinstance(item, list):
        return Step(str(item[0]), [str(a) for a in item[1:]], where=where)
    items = list(item.items())
    op, arg = items[0]
    args = [str(a) for a in arg] if isinstance(arg, list) else [] if arg is None or arg is True else [str(arg)]
    return Step(op, args, {k: str(v) for k, v in items[1:]}, where)


def _lookup(data: dict[str, Any], dotted: str) -> float:
    """``down.settled_ms.median``, ``totals.peak_rss_kb``, ``startup.first_paint_ms``,
    ``wait:Inbox``."""
    if dotted.startswith("wait:"):
        for wait in data["waits"]:
            if wait["label"] == dotted[5:]:
                return float(wait["ms"])
        raise ProbeError("no wait %r" % dotted)
    head, *rest = dotted.split(".")
    node: Any = data["summary"].get(head, data.get(head))
    for part in rest:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, (int, float)):
        raise ProbeError("no figure %r" % dotted)
    return float(node)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "==": lambda a, b: a == b,
}


def check_assertions(steps: Sequence[Step], result: dict[str, Any]) -> list[str]:
    """The ``assert`` steps that do not hold, in words."""
    failed = []
    for step in steps:
        if step.op != "assert":
            continue
        words = " ".join(step.args).split()
        if len(words) != 3 or words[1] not in _COMPARE:
            raise ProbeError("%s: assert FIGURE OP NUMBER" % step.where)
        value = _lookup(result, words[0])
        if not _COMPARE[words[1]](value, float(words[2])):
            failed.append("%s: %s is %s, wanted %s %s" % (step.where, words[0], _cell(value), words[1], words[2]))
    return failed


def run_scenario(
    steps: Sequence[Step],
    *,
    out: str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    cast: bool = False,
    command: Sequence[str] | None = None,
    log: Callable[[str], None] = lambda _line: None,
) -> dict[str, Any]:
    """Run the steps once and return the result.  ``overrides`` win over settings."""
    settings: dict[str, Any] = {"env": {}}
    out_dir = Path(out) if out else None
    if out_dir:
        out_dir.mkdir(parents=True, exist_ok=True)
    name = None
    for step in steps:
        if step.op not in _SETTINGS:
            continue
        arg = " ".join(step.args)
        if step.op == "spawn":
            settings["command"] = list(step.args)
        elif step.op == "shell":
            settings["command"] = ["/bin/sh", "-c", arg]
        elif step.op == "size":
            settings["size"] = _size(arg)
        elif step.op == "env":
            for pair in step.args:
                key, _, value = pair.partition("=")
                settings["env"][key] = value
        elif step.op == "link":
            settings["link"] = LINKS[arg]
        elif step.op in ("rtt", "rate"):
            settings[step.op] = arg
        elif step.op in ("quiet", "timeout"):
            settings[step.op] = _number(arg)
        elif step.op == "name":
            name = arg
        else:
            settings[step.op] = arg
    overrides = dict(overrides or {})
    settings["env"].update(overrides.pop("env", {}))
    settings.update({k: v for k, v in overrides.items() if v is not None})
    rtt, rate = settings.pop("rtt", None), settings.pop("rate", None)
    if rtt is not None or rate is not None:
        settings["link"] = make_link(rtt, rate)
    if command:
        settings["command"] = list(command)
    if "command" not in settings:
        raise ProbeError("no spawn step and no command given")
    if cast and out_dir:
        settings["cast"] = out_dir / "session.cast"
    screens: list[str] = []
    with Session(**settings) as session:
        for step in steps:
            if step.op in _SETTINGS or step.op == "assert":
                continue
            log("%s %s %s" % (step.where, step.op, " ".join(step.args)))
            try:
                _do_step(session, step, out_dir, screens)
            except ProbeError as error:
                if out_dir:
                    (out_dir / "failed.txt").write_text(session.screen_text())
                raise ProbeError("%s (%s): %s" % (step.where, step.op, error)) from error
        result = session.result()
    if name:
        result["name"] = name
    result["screens"] = screens
    return result


def _do_step(session: Session, step: Step, out: Path | None, screens: list[str]) -> None:
    op, arg, opt = step.op, " ".join(step.args), dict(step.options)
    timeout = _number(opt["timeout"]) if "timeout" in opt else None
    quiet = _number(opt["quiet"]) if "quiet" in opt else None
    label = opt.get("label")
    if op in ("wait-text", "wait-regex", "wait-gone"):
        session.wait_text(arg, timeout=timeout, regex=op == "wait-regex", gone=op == "wait-gone", label=label)
    elif op == "settle":
        last = session.settle(quiet=quiet, timeout=timeout)
        session.marks.setdefault("quiet_ms", _ms(last))
        if label:
            session.marks[label] = _ms(last)
    elif op == "key":
        session.key(
            arg,
            label=label,
            repeat=int(opt.get("repeat", 1)),
            quiet=quiet,
            until=opt.get("until"),
            timeout=timeout,
            nochange=_number(opt["nochange"]) if "nochange" in opt else None,
        )
    elif op == "keys":
        session.send(arg)
    elif op == "type":
        for key in split_keys(arg):
            session.key(key, label=label or "type", quiet=quiet)
    elif op == "hold":
        session.hold(
            arg, int(opt.get("count", 30)), float(opt.get("rate", 30)), label=label, quiet=quiet, timeout=timeout
        )
    elif op == "paste":
        session.paste(arg, label=label or "paste", quiet=quiet)
    elif op in ("click", "move", "wheel-up", "wheel-down"):
        x, y = (int(a) for a in step.args)
        for _ in range(int(opt.get("repeat", 1))):
            session.mouse(op, x, y, label=label, quiet=quiet)
    elif op == "resize":
        session.resize(*_size(arg), label=label or "resize", quiet=quiet)
    elif op == "sleep":
        session.sleep(_number(arg))
    elif op == "idle":  # bytes written while nobody does a thing
        before, start = session.bytes_out, now()
        cpu = session.tree.sample()
        session.sleep(_number(arg))
        session.marks["idle_bytes_per_s"] = round((session.bytes_out - before) / (now() - start), 1)
        session.marks["idle_cpu_percent"] = round(100 * (session.tree.sample() - cpu) / (now() - start), 2)
    elif op in ("expect", "expect-not"):
        _try_settle(session)
        found = arg in session.screen_text()
        if found != (op == "expect"):
            raise ProbeError(
                "%r %s the screen:\n%s" % (arg, "not on" if op == "expect" else "is on", session.screen_text())
            )
    elif op == "dump":
        _try_settle(session)
        if out:
            (out / (arg + ".txt")).write_text(session.screen_text())
            screens.append(str(out / (arg + ".txt")))
            try:
                session.png(out / (arg + ".png"))
                screens.append(str(out / (arg + ".png")))
            except ImportError:
                pass
    elif op == "wait-exit":
        session.wait_exit(timeout)
    else:
        raise ProbeError("unknown step %r" % op)


def _try_settle(session: Session) -> None:
    with suppress(ProbeError):  # something blinks: look anyway
        session.settle(timeout=2.0)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[xX ](\d+)", text)
    if not match:
        raise ProbeError("not a size: %r (want 80x24)" % text)
    return int(match[1]), int(match[2])
