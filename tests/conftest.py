"""What holds for all tests: with `MODCONSOLE_NO_SKIP=1`, as CI sets it, a skipped test is a failure of the run.

A skip says "not here"; where everything has been installed, nothing may be "not here" without anybody noticing.

Hypothesis makes the same examples each time, so that a change is judged by what it changes, and is not hurried, for how fast they
are made depends on what else runs. `HYPOTHESIS_PROFILE=thorough` makes new ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"

settings.register_profile(
    "modconsole",
    deadline=None,
    derandomize=not THOROUGH,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("modconsole")

_skipped: list[str] = []
_told: list[str] = []


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one running platform on one worker of pytest-xdist, so that each server is started once."""
    for item in items:
        if item.path.parent.name in ("contract", "servers"):
            params = getattr(item, "callspec", None)
            named = params.params.get("driver") or params.params.get("name") if params is not None else None
            platform = named if isinstance(named, str) else item.path.stem.split("_")[1]
            item.add_marker(pytest.mark.xdist_group(platform))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what was skipped, and what a test has to tell; under xdist the reports of all workers come together here."""
    if report.when == "call":
        _told.extend(f"{name}: {words}" for name, words in report.user_properties if name == "fault run")
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where nothing may be skipped and something was."""
    if _skipped and os.environ.get("MODCONSOLE_NO_SKIP") == "1" and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which, and the counts of the fault runs."""
    for line in _told:
        terminalreporter.write_line(line)
    if _skipped and os.environ.get("MODCONSOLE_NO_SKIP") == "1":
        terminalreporter.write_line(f"skipped, which is not allowed here: {', '.join(_skipped)}", red=True)
