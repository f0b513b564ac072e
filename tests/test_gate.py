"""Nothing bypasses the gate for strangers' text: a lint test over the source of app, screens and widgets.

Textual parses strings as markup, obeys escape sequences in them and runs actions from them; so only `widgets/plain.py`
may hand it text, and that takes gated text alone. The lint looks for every other way, and tests itself on bad snippets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "modconsole"

TEXT_WIDGETS = {
    "Button", "Checkbox", "Collapsible", "DataTable", "Digits", "DirectoryTree", "Input", "Label", "Link", "ListItem",
    "Log", "Markdown", "MarkdownViewer", "MaskedInput", "Option", "OptionList", "Pretty", "RadioButton", "RadioSet",
    "RichLog", "Select", "Selection", "SelectionList", "Static", "Tab", "TabPane", "TabbedContent", "Tabs", "TextArea",
    "Toast", "Tooltip", "Tree", "Hit", "DiscoveryHit", "Notification",
}  # fmt: skip
"""Classes that show a string they are given. With literals, or without text, they are fine."""

TEXT_OBJECTS = {"Content", "Segment", "Text", "Strip", "Span", "Panel", "Table", "Markup"}
"""Textual's and Rich's text: made in `widgets/plain.py` alone."""

TEXT_METHODS = {
    "notify", "from_markup", "from_ansi", "from_rich_text", "from_text", "assemble", "add_option", "add_options",
    "add_column", "add_columns", "add_row", "add_rows", "add_leaf", "write_line", "write_lines", "set_label",
    "replace_option_prompt", "set_options", "load_text", "blank",
}  # fmt: skip
"""Methods that show a string, under names that nothing else in the project has."""

TEXT_ATTRIBUTES = {
    "border_title",
    "border_subtitle",
    "tooltip",
    "title",
    "sub_title",
    "label",
    "placeholder",
    "renderable",
}

NOT_TEXT = {"id", "name", "classes", "disabled", "key", "action", "show", "priority", "key_display", "group", "system"}

ALLOWED: dict[str, tuple[set[str], str]] = {
    "widgets/plain.py": ({"*"}, "the one module that makes text objects; it refuses what is not gated, at run time"),
    "widgets/fields.py": ({"method"}, "puts text into fields after the gate for files"),
}
"""Where the rules do not hold, which, and why. A directory stands for what is in it."""


def aliases(tree: ast.AST) -> dict[str, str]:
    """What imported names stand for, so that `from textual.widgets import Static as S` hides nothing."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("textual", "rich"):
            for name in node.names:
                found[name.asname or name.name] = name.name
    return found


def literal(node: ast.expr) -> bool:
    """Whether the text is written in the source, and so ours."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(literal, node.elts))
    if isinstance(node, ast.JoinedStr):
        return all(isinstance(part, ast.Constant) for part in node.values)
    return isinstance(node, ast.Constant)


def called(node: ast.expr, known: dict[str, str]) -> str:
    """The last part of the name that is called or inherited from, without type arguments."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def text_arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords if word.arg not in NOT_TEXT)]


def check_call(node: ast.Call, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    name = called(node.func, known)
    foreign = known.keys() | TEXT_METHODS
    if name in TEXT_WIDGETS and not all(map(literal, text_arguments(node))):
        yield "widget", f"{name}(...) with text that is not a literal: use Plain, PlainLine or RowList"
    if name in TEXT_OBJECTS and (isinstance(node.func, ast.Attribute) or node.func.id in foreign):  # type: ignore[attr-defined]
        yield "text object", f"{name}(...): give pieces to a Painted widget instead"
    if isinstance(node.func, ast.Attribute) and name in TEXT_METHODS:
        yield "text object" if name == "blank" else "method", f".{name}(...): use notify_safe, or a widget of plain"
    if isinstance(node.func, ast.Attribute) and name == "exit":
        words = [word for word in node.keywords if word.arg == "message"]
        if len(node.args) > 2 or words:
            yield "method", ".exit(message=...): print after the app has ended"
    if name == "literal" and not all(map(literal, node.args)):
        yield "literal", "literal(...) of something that is not written here: use line or block"
    if name == "fill" and node.args and not literal(node.args[0]):
        yield "literal", "fill(...) with a template that is not written here"
    if name == "setattr" and any(
        isinstance(arg, ast.Constant) and arg.value in TEXT_ATTRIBUTES for arg in node.args[1:2]
    ):
        yield "attribute", "setattr of an attribute that shows text"


def check_class(node: ast.ClassDef, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    for base in node.bases:
        if called(base, known) in TEXT_WIDGETS - {"Input", "TextArea"}:
            yield "widget", f"class {node.name}({called(base, known)}): inherit from Plain or Painted instead"
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "render":
            yield "text object", f"{node.name}.render: implement render_line with Painted.strip instead"


def check_assignment(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Iterator[tuple[str, str]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None or literal(node.value):
        return
    for target in targets:
        if isinstance(target, ast.Attribute) and target.attr in TEXT_ATTRIBUTES:
            yield "attribute", f".{target.attr} = something that is not a literal: Textual would parse and obey it"


def offences(source: str) -> list[tuple[str, int, str]]:
    """(rule, line, what to do instead) for everything in `source` that could bypass the gate."""
    tree = ast.parse(source)
    known = aliases(tree)
    found: list[tuple[str, int, str]] = []
    for node in ast.walk(tree):
        hits: Iterator[tuple[str, str]] = iter(())
        if isinstance(node, ast.Call):
            hits = check_call(node, known)
        elif isinstance(node, ast.ClassDef):
            hits = check_class(node, known)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            hits = check_assignment(node)
        found += [(rule, getattr(node, "lineno", 0), what) for rule, what in hits]
    return found


def allowed(path: str) -> set[str]:
    return {
        rule for place, (rules, _) in ALLOWED.items() if path == place or path.startswith(place + "/") for rule in rules
    }


def screen_sources() -> list[Path]:
    return [SOURCE / "app.py"] * (SOURCE / "app.py").exists() + [
        path for room in ("screens", "widgets") for path in sorted((SOURCE / room).rglob("*.py"))
    ]


def test_no_screen_or_widget_bypasses_the_gate() -> None:
    """Every module of app, screens and widgets shows text through `widgets/plain.py` alone."""
    assert SOURCE / "widgets" / "rowlist.py" in screen_sources()
    bad = []
    for path in screen_sources():
        place = path.relative_to(SOURCE).as_posix()
        rules = allowed(place)
        for rule, number, what in offences(path.read_text(encoding="utf-8")):
            if rule not in rules and "*" not in rules:
                bad.append(f"{place}:{number}: {what}")
    assert bad == []


def test_every_exception_is_still_needed() -> None:
    """What is on the list of exceptions would be found without it."""
    for place, (rules, reason) in ALLOWED.items():
        path = SOURCE / place
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        found = {rule for file in files for rule, _, _ in offences(file.read_text(encoding="utf-8"))}
        assert found if rules == {"*"} else found >= rules, place
        assert reason


BAD = [
    "from textual.widgets import Static\nStatic(text)",
    "from textual.widgets import Static as S\nS(text)",
    "from textual import widgets\nwidgets.Label(text, markup=False)",
    "from textual.widgets import Markdown\nMarkdown(text)",
    "from textual.widgets import Button\nButton(label=name)",
    "from textual.widgets import OptionList\nOptionList(*options)",
    "from textual.widgets.option_list import Option\nOption(f'{name}')",
    "from textual.widgets import DataTable\nDataTable[str](rows)",
    "from textual.widgets import Tree\nTree(title)",
    "from textual.widgets import Select\nSelect([(name, 1)])",
    "from textual.widgets import Input\nInput(placeholder=text)",
    "from textual.widgets import TextArea\nTextArea(text)",
    "from textual.command import Hit\nHit(1, text, act)",
    "class A(Static): pass",
    "from textual.widgets import Label as L\nclass A(L): pass",
    "class A:\n def render(self): return self.text",
    "table.add_row(a, b)",
    "table.add_column(a)",
    "tree.root.add_leaf(text)",
    "log.write_line(text)",
    "options.add_option(text)",
    "area.load_text(text)",
    "from textual.content import Content\nContent(text)",
    "from textual.content import Content\nContent.from_markup(text)",
    "from textual.content import Content as C\nC.assemble(text)",
    "from rich.text import Text\nText(text)",
    "from rich.text import Text as T\nT(text)",
    "from rich.text import Text\nText.from_ansi(text)",
    "import rich.text\nrich.text.Text(text)",
    "from rich.segment import Segment\nSegment(text)",
    "from textual.strip import Strip\nStrip([])",
    "app.notify(text)",
    "self.notify('ours')",
    "self.app.notify(message, markup=False)",
    "app.exit(message=text)",
    "widget.border_title = text",
    "widget.border_subtitle = f'{n} of'",
    "widget.tooltip = text",
    "self.title = text",
    "self.sub_title: str = text",
    "self.sub_title += text",
    "setattr(widget, 'border_title', text)",
    "from modconsole.domain.safetext import literal\nliteral(text)",
    "safetext.literal(f'{text}')",
    "from modconsole.domain.safetext import fill\nfill(template, n)",
]


@pytest.mark.parametrize("source", BAD)
def test_the_lint_finds_each_way_round_the_gate(source: str) -> None:
    """A module with this in it would fail."""
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "from textual.widgets import Input\nInput(id=name, placeholder='limit or search')",
        "from textual.widgets import TextArea\nTextArea(id=name)",
        "from textual.binding import Binding\nBinding('x', f'act({1})', 'Mark', id='list.mark')",
        "from modconsole.widgets.plain import Plain\nPlain(line(text))",
        "from modconsole.domain.safetext import literal, fill\nliteral('ours')\nfill('{} of {}', a, b)",
        "self.title = 'modconsole'",
        "label = text",
        "Text = 1\nrow.text = text",
        "app.exit(3)",
        "class Item: pass",
    ],
)
def test_the_lint_lets_through_what_is_safe(source: str) -> None:
    """Literals, gated text and names that only look alike are no offence."""
    assert offences(source) == []
