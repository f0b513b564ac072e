# ruff: noqa: UP031
"""Medians and tables of what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


_STATS = ("first_ms", "settled_ms", "echo_ms", "bytes", "zbytes", "writes", "frames", "cells", "rows", "cpu_ms")


def _describe(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {
        "median": round(statistics.median(ordered), 2),
        "p95": round(p95, 2),
        "min": round(ordered[0], 2),
        "max": round(ordered[-1], 2),
    }


def summarise(keys: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Per label: how many, and median / p95 / min / max of every figure."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for key in keys:
        groups.setdefault(key["label"], []).append(key)
    out: dict[str, Any] = {}
    for label, items in groups.items():
        entry: dict[str, Any] = {"n": len(items), "unchanged": sum(i["first_ms"] is None for i in items)}
        for stat in _STATS:
            values = [i[stat] for i in items if i.get(stat) is not None]
            if values:
                entry[stat] = _describe(values)
        presses = sum(i.get("presses", 1) for i in items)
        entry["bytes_per_press"] = round(sum(i["bytes"] for i in items) / presses, 1)
        out[label] = entry
    return out


def merge_results(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several runs of one scenario as one result: key samples are pooled, start-up,
    waits and totals become medians (peak RSS: the maximum)."""
    if len(runs) == 1:
        return runs[0]
    merged = dict(runs[-1])
    merged["runs"] = len(runs)
    merged["keys"] = [k for run in runs for k in run["keys"]]
    merged["summary"] = summarise(merged["keys"])

    def med(values: Iterable[Any]) -> Any:
        numbers = [v for v in values if isinstance(v, (int, float))]
        return round(statistics.median(numbers), 3) if numbers else None

    merged["startup"] = {k: med(r["startup"].get(k) for r in runs) for k in runs[-1]["startup"]}
    merged["startup_all"] = [r["startup"] for r in runs]
    merged["waits"] = [
        {
            "label": w["label"],
            **{f: med(r["waits"][i][f] for r in runs if i < len(r["waits"])) for f in ("ms", "after_ms")},
        }
        for i, w in enumerate(runs[-1]["waits"])
    ]
    merged["totals"] = {k: med(r["totals"][k] for r in runs) for k in runs[-1]["totals"]}
    merged["totals"]["peak_rss_kb"] = max(r["totals"]["peak_rss_kb"] for r in runs)
    return merged


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return "%.0f" % value if abs(value) >= 100 else "%.1f" % value
    return str(value)


def _pair(summary: dict[str, Any], stat: str) -> str:
    found = summary.get(stat)
    return "%s (%s)" % (_cell(found["median"]), _cell(found["p95"])) if found else "-"


def _one(summary: dict[str, Any], stat: str) -> str:
    return _cell(summary[stat]["median"]) if stat in summary else "-"


def markdown_table(results: Sequence[dict[str, Any]]) -> str:
    """One line a result for start-up and totals, then one a label for keys."""
    lines = ["| program | first paint ms | ready ms | peak RSS MB | CPU s | bytes out |", "|---|---|---|---|---|---|"]
    for r in results:
        ready = r["waits"][0]["ms"] if r["waits"] else r["startup"].get("quiet_ms")
        lines.append(
            "| %s | %s | %s | %s | %s | %s |"
            % (
                r.get("name", " ".join(r["command"])[:40]),
                _cell(r["startup"]["first_paint_ms"]),
                _cell(ready),
                _cell(r["totals"]["peak_rss_kb"] / 1024),
                _cell(r["totals"]["cpu_s"]),
                _cell(r["totals"]["bytes_out"]),
            )
        )
    lines += [
        "",
        "| program | key | n | first ms (p95) | settled ms (p95) | bytes | ssh -C bytes | cells | CPU ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        for label, s in r["summary"].items():
            lines.append(
                "| %s | %s | %d | %s | %s | %s | %s | %s | %s |"
                % (
                    r.get("name", r["command"][0]),
                    label,
                    s["n"],
                    _pair(s, "first_ms"),
                    _pair(s, "settled_ms"),
                    _one(s, "bytes"),
                    _one(s, "zbytes"),
                    _one(s, "cells"),
                    _one(s, "cpu_ms"),
                )
            )
    return "\n".join(lines) + "\n"
