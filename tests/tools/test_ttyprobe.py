# ruff: noqa: UP031
# mypy: disable-error-code="operator, misc, call-arg, no-untyped-call, no-untyped-def"
"""Every test drives a tiny program whose behaviour is known, so that what is
tested is the probe: its clock, its byte counts, its terminal, its link."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

import pytest

from tests.tools import ttyprobe as tp

PRELUDE = """
import os, sys, time, tty, select, signal
tty.setraw(0)
def out(s): os.write(1, s if isinstance(s, bytes) else s.encode())
def key(t=None):
    if t is not None and not select.select([0], [], [], t)[0]: return b""
    return os.read(0, 1000)
"""


def program(body: str) -> list[str]:
    return [sys.executable, "-S", "-c", PRELUDE + textwrap.dedent(body)]


def term(data: str, size=(20, 5), profile="modern"):
    replies: list[bytes] = []
    t = tp.Terminal(*size, tp.PROFILES[profile], reply=replies.append)
    t.feed(data.encode())
    t.commit()
    return t, b"".join(replies)


class Emulation(unittest.TestCase):
    def test_text_lands_where_the_cursor_is(self) -> None:
        """Text goes to the cursor's place in the current style."""
        t, _ = term("\x1b[2;3Hhi\x1b[1mX")
        assert t.text()[1] == "  hiX"
        assert t.visible[1][4].bold

    def test_sequences_may_be_split_anywhere(self) -> None:
        """However the bytes are cut, the picture and the questions are the same."""
        data = "a\x1b[31mb\x1b]0;title\x1b\\c\x1bP+q544e\x1b\\\u65e5d\x1b[?2026$p".encode()
        whole, _ = term(data.decode())
        for cut in range(len(data)):
            t, _ = term("")
            t.feed(data[:cut])
            t.feed(data[cut:])
            t.commit()
            assert t.text() == whole.text()
            assert t.queries == whole.queries
        assert whole.title == "title"

    def test_wide_characters_take_two_cells_and_marks_none(self) -> None:
        """A wide character leaves an empty cell behind it; a mark joins its base."""
        t, _ = term("\u65e5\u672ce\u0301x")
        assert t.text()[0] == "日本éx"
        assert t.visible[0][1].data == ""

    def test_joiners_do_not_eat_text(self) -> None:
        """Text after a joiner or a selector is still shown."""
        t, _ = term("a\u200db\u2764\ufe0fc\u0e2a\u0e27\u0e31d\U0001f469\u200d\U0001f467|")
        plain = "".join(c.data[:1] for c in t.visible[0]).rstrip()
        assert plain == "ab❤cสวd👩👧|"

    def test_scrolling_and_repetition_work(self) -> None:
        """SU, SD, REP and scroll regions do what a terminal does."""
        t, _ = term("1\r\n2\r\n3\x1b[S")
        assert t.text()[:3] == ["2", "3", ""]
        t, _ = term("1\r\n2\r\n3\x1b[2T")
        assert t.text()[:5] == ["", "", "1", "2", "3"]
        t, _ = term("ab\x1b[4b")
        assert t.text()[0] == "abbbbb"
        t, _ = term("\x1b[2;4r\x1b[4;1Hx\x1b[Sy\x1b[r")
        assert t.text()[2] == "x"

    def test_the_alternate_screen_gives_the_main_one_back(self) -> None:
        """What was there before is there afterwards."""
        t, _ = term("main\x1b[?1049h\x1b[2J\x1b[Halt")
        assert t.text()[0] == "alt"
        t.feed(b"\x1b[?1049l")
        t.commit()
        assert t.text()[0] == "main"

    def test_line_drawing_is_translated(self) -> None:
        """The DEC character set is shown as lines."""
        t, _ = term("\x1b(0lqk\x1b(Bq")
        assert t.text()[0] == "┌─┐q"

    def test_questions_are_answered_and_noted(self) -> None:
        """Each question gets the profile's answer, or none from a mute terminal, and is kept as evidence."""
        _, reply = term("\x1b[c\x1b[>c\x1b[5n\x1b[2;4H\x1b[6n\x1b[>q\x1b[?u\x1b[?2026$p\x1b[?9999$p")
        assert (
            reply == b"\x1b[?62;22c\x1b[>1;4000;0c\x1b[0n\x1b[2;4R\x1bP>|ttyprobe(1.0)\x1b\\"
            b"\x1b[?0u\x1b[?2026;2$y\x1b[?9999;0$y"
        )
        _, reply = term("\x1b]11;?\x07\x1b]4;1;?\x1b\\\x1bP$qm\x1b\\\x1b[18t")
        assert reply == b"\x1b]11;rgb:1010/1010/1010\x1b\\\x1b]4;1;rgb:8080/8080/8080\x1b\\\x1bP1$r0m\x1b\\\x1b[8;5;20t"
        t, reply = term("\x1b[c\x1b[?2026$p", profile="mute")
        assert reply == b""
        assert t.queries == ["DA1", "DECRQM 2026"]

    def test_the_kitty_keyboard_is_a_stack(self) -> None:
        """Flags are pushed and popped; a terminal without them ignores both."""
        t, _ = term("\x1b[>25u")
        assert t.kitty_flags == 25
        t.feed(b"\x1b[<u")
        assert t.kitty_flags == 0
        t, _ = term("\x1b[>25u", profile="xterm")
        assert t.kitty_flags == 0

    def test_a_synchronized_update_appears_at_its_end(self) -> None:
        """Until its end nothing of it is visible."""
        t, _ = term("\x1b[?2026habc")
        assert t.text()[0] == ""
        t.feed(b"\x1b[?2026l")
        assert t.commit() == (3, 1)
        assert t.text()[0] == "abc"

    def test_escape_sequences_leave_evidence(self) -> None:
        """Strings, bells and C1 controls are noted."""
        t, _ = term("\x1b]52;c;aGk=\x07\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\\x07\x9b31mred")
        assert t.osc[0] == "52;c;aGk="
        assert t.osc[1] == "8;;http://x/"
        assert t.bells == 1
        assert t.visible[0][4].fg == "red"  # C1 CSI is obeyed

    def test_colours_are_read_and_counted(self) -> None:
        """All ways to write a colour are understood."""
        t, _ = term("\x1b[38;2;1;2;3;48:5:4;58:2::9:9:9;4:3mx\x1b[0;91my")
        assert t.visible[0][0].fg == "010203"
        assert t.visible[0][0].underscore
        assert t.sgr_kinds["rgb"] == 2
        assert t.sgr_kinds["16"] == 1

    def test_only_changed_cells_are_counted(self) -> None:
        """Writing the same again is no change."""
        t, _ = term("hello")
        t.feed(b"\x1b[1;1Hhallo\x1b[3;1Hx")
        assert t.commit() == (2, 2)

    def test_garbage_does_not_stick(self) -> None:
        """After a broken sequence text is shown again."""
        t, _ = term("\x1b[12;\x07after\x1b[\x1b[1mok")
        assert "after" in t.text()[0]
        assert "ok" in t.text()[0]


class Keys(unittest.TestCase):
    def test_keys_are_sent_as_old_terminals_do(self) -> None:
        """Named keys have the bytes of xterm."""
        for key, want in {
            "j": b"j",
            "<C-x>": b"\x18",
            "<A-x>": b"\x1bx",
            "<Esc>": b"\x1b",
            "<PgDn>": b"\x1b[6~",
            "<Up>": b"\x1b[A",
            "<C-Up>": b"\x1b[1;5A",
            "<S-Tab>": b"\x1b[Z",
            "<Enter>": b"\r",
            "<F1>": b"\x1bOP",
            "<lt>": b"<",
            "G": b"G",
        }.items():
            assert tp.encode_key(key) == want, key
        assert tp.encode_key("<Up>", app_cursor=True) == b"\x1bOA"

    def test_keys_are_sent_as_the_kitty_protocol_says(self) -> None:
        """With flags on, keys are sent as the program asked for."""
        for key, want in {"<Esc>": b"\x1b[27u", "<C-x>": b"\x1b[120;5u", "j": b"j", "<Enter>": b"\r"}.items():
            assert tp.encode_key(key, kitty=1) == want, key
        for key, want in {
            "j": b"\x1b[106;;106u",
            "G": b"\x1b[103;2;71u",
            "<C-c>": b"\x1b[99;5u",
            "<Enter>": b"\x1b[13u",
            "<PgDn>": b"\x1b[6~",
            "<Space>": b"\x1b[32;;32u",
        }.items():
            assert tp.encode_key(key, kitty=25) == want, key

    def test_key_names_are_split(self) -> None:
        """Names in angle brackets are one key."""
        assert tp.split_keys("gg<C-x><lt>a<") == ["g", "g", "<C-x>", "<lt>", "a", "<"]


class Live(unittest.TestCase):
    def test_first_and_last_change_are_timed_and_counted(self) -> None:
        """Times, bytes, cells and frames of a key are those that the program made."""
        prog = program("""
            out("ready")
            while True:
                k = key()
                time.sleep(0.05); out("\\x1b[H" + "AB"[k == b"j"])
                time.sleep(0.04); out("\\x1b[2;1Hdone" + k.decode())
        """)
        with tp.Session(prog) as s:
            s.wait_text("ready")
            s.settle()
            r = s.key("j")
            assert r.first_ms >= 50
            assert r.first_ms < 75
            assert r.settled_ms >= 90
            assert r.settled_ms < 130
            assert r.bytes == 4 + 6 + 5
            assert (r.cells, r.rows, r.frames) == (6, 2, 2)
            assert s.result()["startup"]["first_paint_ms"] > 1

    def test_a_key_without_effect_has_no_time(self) -> None:
        """Nothing changed is said as such."""
        with tp.Session(program("out('x')\nwhile True: key()")) as s:
            s.wait_text("x")
            r = s.key("q", nochange=0.2)
            assert r.first_ms is None
            assert r.bytes == 0

    def test_a_key_can_be_timed_until_a_text_appears(self) -> None:
        """What comes late counts where it was waited for."""
        prog = program("""
            out("ready")
            key(); out("1"); time.sleep(0.5); out("LATE"); time.sleep(9)
        """)
        with tp.Session(prog) as s:
            s.wait_text("ready")
            assert s.key("j", until="LATE").settled_ms > 490

    def test_a_slow_line_takes_its_time(self) -> None:
        """Round trip and rate are those of the line."""
        prog = program("""
            out("ready")
            while True: key(); out("\\x1b[H" + "x" * 1600)
        """)
        link = tp.Link(rtt=0.2, rate=8000, up_rate=8000)
        with tp.Session(prog, link=link, size=(80, 24)) as s:
            s.wait_text("ready")
            s.settle()
            r = s.key("j", quiet=0.4)
            assert r.first_ms >= 200
            assert r.first_ms < 240
            assert r.settled_ms >= 200 + 200  # 1603 B at 8000 B/s
            assert r.settled_ms < 200 + 200 + 45
            assert r.bytes == 1603
            assert r.zbytes < 100

    def test_an_answer_costs_a_round_trip(self) -> None:
        """A question over the line is answered after its round trip."""
        prog = program("""
            out("\\x1b[c"); a = time.monotonic(); r = key()
            out("%d ms %r" % (1000 * (time.monotonic() - a), r)); time.sleep(9)
        """)
        with tp.Session(prog, link=tp.Link(rtt=0.1)) as s:
            s.wait_text("ms")
            assert re.search(r"1[0-3]\d ms b'\\x1b\[\?62;22c'", s.screen_text())

    def test_a_held_key_reports_the_lag(self) -> None:
        """The lag counts from the last press."""
        prog = program("""
            out("ready"); n = 0
            while True:
                for _ in key(): n += 1; time.sleep(0.02); out("\\x1b[2;1H%d" % n)
        """)
        with tp.Session(prog) as s:
            s.wait_text("ready")
            r = s.hold("j", 20, rate=100)  # 20 x 20 ms of work in 190 ms
            assert "20" in s.screen_text()
            assert r.settled_ms > 150
            assert r.settled_ms < 300
            assert r.presses == 20

    def test_children_count(self) -> None:
        """CPU and memory of started programs are in the totals."""
        prog = program("""
            import subprocess
            child = subprocess.Popen([sys.executable, "-S", "-c",
                "x = bytearray(60_000_000); import time\\n"
                "t = time.process_time()\\n"
                "while time.process_time() - t < 0.3: pass\\n"
                "print('grown', flush=True); time.sleep(9)"])
            key()
        """)
        with tp.Session(prog) as s:
            s.wait_text("grown")
            totals = s.result()["totals"]
        assert totals["peak_rss_kb"] > 60000
        assert totals["peak_rss_kb"] < 110000
        assert totals["cpu_s"] >= 0.3
        assert totals["cpu_s"] < 0.9
        assert totals["peak_processes"] == 2

    def test_daemons_are_counted_and_ended(self) -> None:
        """What detached itself is found, counted and ended."""
        prog = program("""
            pid = os.fork()
            if pid == 0:
                os.setsid()
                if os.fork(): os._exit(0)
                open(sys.argv[1], "w").write(str(os.getpid()))
                time.sleep(60); os._exit(0)
            os.waitpid(pid, 0); time.sleep(0.2); out("ready"); key()
        """)
        with tempfile.NamedTemporaryFile("r") as note:
            with tp.Session([*prog, note.name]) as s:
                s.wait_text("ready")
                daemon = int(Path(note.name).read_text())
                assert daemon in s.tree.pids()
            assert not (os.path.exists("/proc/%d/cmdline" % daemon) and Path("/proc/%d/cmdline" % daemon).read_bytes())

    def test_resize_mouse_and_paste_arrive(self) -> None:
        """The program gets them as it asked for."""
        prog = program("""
            out("\\x1b[?1000h\\x1b[?1006h\\x1b[?2004hready")
            signal.signal(signal.SIGWINCH,
                lambda *a: out("\\x1b[3;1H%dx%d" % os.get_terminal_size()))
            while True: out("\\x1b[2;1H" + repr(key()) + "\\x1b[K")
        """)
        with tp.Session(prog) as s:
            s.wait_text("ready")
            s.settle()
            s.mouse("click", 4, 1)
            assert "<0;5;2" in s.screen_text()
            s.paste("hey")
            assert "200~hey" in s.screen_text()
            s.resize(100, 30)
            assert "100x30" in s.screen_text()
            assert len(s.terminal.text()) == 30

    def test_the_end_and_a_missing_program_are_told(self) -> None:
        """The exit status is the program's; what is not there is an error."""
        with tp.Session([sys.executable, "-S", "-c", "print('bye'); raise SystemExit(3)"]) as s:
            assert s.wait_exit() == 3
            assert "bye" in s.screen_text()
        with pytest.raises(tp.ProbeError):
            tp.Session(["/no/such/program"])

    def test_pictures_and_recordings_show_the_screen(self) -> None:
        """The picture has the colours, the recording the text."""
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow is not installed")
        prog = program("out('\\x1b[41m  \\x1b[0m hi \\u65e5'); key()")
        with tempfile.TemporaryDirectory() as folder:
            with tp.Session(prog, size=(40, 4), cast=folder + "/c.cast") as s:
                s.wait_text("hi")
                s.png(folder + "/s.png")
            image = Image.open(folder + "/s.png")
            assert image.getpixel((3, 3)) == (205, 49, 49)
            lines = Path(folder, "c.cast").read_text().splitlines()
            assert json.loads(lines[0])["width"] == 40
            assert "hi" in "".join(json.loads(x)[2] for x in lines[1:])


class Scenarios(unittest.TestCase):
    SCENARIO = """
        # a comment
        name demo
        size 60x10
        env GREETING=hello
        spawn {python} -S -c {code}
        wait-text "hello 60x10" timeout=5s label=ready
        settle
        key j repeat=3 label=down quiet=60ms
        keys "xx"
        expect "k5"
        expect-not "k6"
        idle 200ms
        dump end
        assert down.bytes.median <= 20
        assert down.settled_ms.p95 < {limit}
        assert wait:ready < 5000
    """
    CODE = (
        PRELUDE
        + """
out(os.environ["GREETING"] + " %dx%d" % os.get_terminal_size()); n = 0
while True:
    for _ in key(): n += 1; out("\\x1b[2;1Hk%d" % n)
"""
    )

    def write(self, folder, limit):
        code = Path(folder, "prog.py")
        code.write_text(self.CODE)
        path = Path(folder, "demo.probe")
        path.write_text(
            textwrap.dedent(self.SCENARIO).format(
                python=sys.executable, code=shlex.quote("exec(open(%r).read())" % str(code)), limit=limit
            )
        )
        return path

    def cli(self, *args):
        return subprocess.run(
            [sys.executable, "-m", "tests.tools.ttyprobe", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=Path(__file__).parents[2],
        )

    def test_a_scenario_runs_and_its_budgets_hold_or_fail(self) -> None:
        """A broken budget is exit status 1."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.write(folder, 500)
            done = self.cli("run", path, "--runs", 2, "--json", folder + "/r.json", "--out", folder)
            assert done.returncode == 0, done.stderr
            result = json.loads(Path(folder, "r.json").read_text())
            assert result["summary"]["down"]["n"] == 6
            assert result["runs"] == 2
            assert "k5" in Path(folder, "end.txt").read_text()
            assert "| demo |" in self.cli("table", folder + "/r.json").stdout
            assert self.cli("run", self.write(folder, 0.001)).returncode == 1

    def test_scenarios_may_be_json_and_commands_be_given(self) -> None:
        """Variables are filled in; what never appears is exit status 2."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "s.json")
            path.write_text(
                json.dumps(
                    {
                        "steps": [
                            {"spawn": [sys.executable, "-S", "-c", "print('${word}'); input()"]},
                            {"wait-text": "hi there", "timeout": "5s"},
                            "settle",
                        ]
                    }
                )
            )
            done = self.cli("run", path, "--set", "word=hi there", "--json", "-")
            assert done.returncode == 0, done.stderr
            assert "quiet_ms" in json.loads(done.stdout)["startup"]
            done = self.cli(
                "exec", "--wait", "nope", "--timeout", "0.3", "--", sys.executable, "-S", "-c", "input('yes')"
            )
            assert done.returncode == 2
            assert "nope" in done.stderr

    def test_lines_can_be_described_in_words(self) -> None:
        """Milliseconds and kilobits are understood."""
        link = tp.make_link("200", "64kbit")
        assert (link.rtt, link.rate) == (0.2, 8000)
