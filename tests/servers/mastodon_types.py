"""The interface of Mastodon as the npm package `masto` types it: routes, what may be asked, and what comes back.

`masto` is a client library of Mastodon's, made beside its documentation and by other people than the double, and its
type declarations are regular enough to be read by a small parser. So they serve as the schema that Mastodon itself does
not publish. `Types` loads the declarations; `Types.routes` are the routes with the types of their parameters and
answers; `Types.problems` compares a value.

Only what those declarations use of TypeScript is understood; anything else raises `SyntaxError`, so that nothing passes
unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.wordpress import cache

TOKEN = re.compile(r"\s+|/\*.*?\*/|//[^\n]*|(\"[^\"]*\"|[A-Za-z_$][\w$]*|\d+|=>|\.\.\.|[{}()\[\]<>|&?:;,.=*-])", re.S)


def missing() -> str:
    """Why the types cannot be had here, in one sentence, or an empty string."""
    if not (cache() / "masto" / "dist" / "mastodon" / "rest" / "client.d.ts").exists():
        return "the types of Mastodon's interface are not in the servers' folder (masto): run scripts/fetch_servers.py"
    return ""


def snake(name: str) -> str:
    """A property's name as it travels: `masto` writes `inReplyToId` for `in_reply_to_id`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


# ---------------------------------------------------------------------- types as they are parsed

Type = tuple[Any, ...]
"""("name", name, arguments) | ("text", literal) | ("object", members) | ("union" | "both", types) | ("list", type) |
("keys", type) | ("at", type, key type) | ("function",)"""


@dataclass
class Member:
    """A property of an object type."""

    name: str
    type: Type
    optional: bool = False


@dataclass
class Declared:
    """An interface or a type alias: parameters, what it extends, and what it is."""

    module: Path
    parameters: list[str]
    extends: list[Type]
    type: Type


@dataclass
class Module:
    """One file of declarations."""

    declared: dict[str, Declared] = field(default_factory=dict)
    imports: dict[str, tuple[Path, str]] = field(default_factory=dict)
    spaces: dict[str, Path] = field(default_factory=dict)
    """Whole files under one name, imported or handed on."""
    stars: list[Path] = field(default_factory=list)
    """Files whose declarations are handed on."""


class Parser:
    """Reads one file. `position` walks over the tokens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tokens: list[str] = []
        text, at = path.read_text(encoding="utf-8"), 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise SyntaxError(f"{path.name}: {text[at : at + 40]!r}")
            at = found.end()
            if found[1]:
                self.tokens.append(found[1])
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise SyntaxError(
                f"{self.path.name}: {wanted or 'something'} expected at {self.tokens[self.at : self.at + 8]}"
            )
        self.at += 1
        return token

    def skip(self, token: str) -> bool:
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def module(self) -> Module:
        found = Module()
        while self.peek():
            if self.skip("import"):
                self._import(found)
                continue
            self.skip("export")
            if self.skip("declare") and self.peek() == "const":
                while self.take() != ";":
                    pass
            elif self.peek() == "type" and self.peek(1) == "*":
                self._star(found)
            elif self.skip("interface"):
                name, parameters = self.take(), self._parameters()
                extends = self._separated() if self.skip("extends") else []
                found.declared[name] = Declared(self.path, parameters, extends, self._object())
            elif self.skip("type"):
                name, parameters = self.take(), self._parameters()
                self.take("=")
                found.declared[name] = Declared(self.path, parameters, [], self.type())
                self.skip(";")
            else:
                self.take("{")
                self.take("}")
                self.skip(";")
        return found

    def _import(self, found: Module) -> None:
        self.skip("type")
        names: list[tuple[str, str]] = []
        space = ""
        if self.skip("*"):
            self.take("as")
            space = self.take()
        else:
            self.take("{")
            while not self.skip("}"):
                self.skip("type")
                name = self.take()
                names.append((self.take() if self.skip("as") else name, name))
                self.skip(",")
        self.take("from")
        source = self._file(self.take())
        self.skip(";")
        found.imports.update((local, (source, name)) for local, name in names)
        if space:
            found.spaces[space] = source

    def _star(self, found: Module) -> None:
        self.take("type")
        self.take("*")
        name = self.take() if self.skip("as") else ""
        self.take("from")
        source = self._file(self.take())
        self.skip(";")
        if name:
            found.spaces[name] = source
        else:
            found.stars.append(source)

    def _file(self, literal: str) -> Path:
        return (self.path.parent / literal.strip('"').replace(".js", ".d.ts")).resolve()

    def _parameters(self) -> list[str]:
        names: list[str] = []
        if self.skip("<"):
            while not self.skip(">"):
                names.append(self.take())
                for word in ("extends", "="):
                    if self.skip(word):
                        self.type()
                self.skip(",")
        return names

    def _separated(self) -> list[Type]:
        found = [self.type()]
        while self.skip(","):
            found.append(self.type())
        return found

    def type(self) -> Type:
        """A whole type: a union of intersections."""
        self.skip("|")
        found = [self._both()]
        while self.skip("|"):
            found.append(self._both())
        return found[0] if len(found) == 1 else ("union", found)

    def _both(self) -> Type:
        found = [self._postfix()]
        while self.skip("&"):
            found.append(self._postfix())
        return found[0] if len(found) == 1 else ("both", found)

    def _postfix(self) -> Type:
        if self.skip("readonly"):
            return self._postfix()
        if self.skip("keyof"):
            return ("keys", self._postfix())
        found = self._primary()
        while self.skip("["):
            if self.skip("]"):
                found = ("list", found)
            else:
                found = ("at", found, self.type())
                self.take("]")
        return found

    def _primary(self) -> Type:
        token = self.peek()
        if token == "{":
            return self._object()
        if token == "(":
            return self._parenthesis()
        self.take()
        if token.startswith('"'):
            return ("text", token.strip('"'))
        name = token
        while self.skip("."):
            name += "." + self.take()
        arguments: list[Type] = []
        if self.skip("<"):
            arguments = self._separated()
            self.take(">")
        return ("name", name, arguments)

    def _parenthesis(self) -> Type:
        """A type in parentheses, or a function, whose types nobody asks about."""
        start, depth = self.at, 0
        while True:
            depth += {"(": 1, ")": -1}.get(self.take(), 0)
            if depth == 0:
                break
        if self.skip("=>"):
            self.type()
            return ("function",)
        self.at = start + 1
        found = self.type()
        self.take(")")
        return found

    def _object(self) -> Type:
        self.take("{")
        members: list[Member] = []
        while not self.skip("}"):
            self.skip("readonly")
            name = self.take().strip('"')
            if name == "[":  # an index signature, or a symbol: no property of ours
                while self.take() != "]":
                    pass
                name = ""
            if name == "(" or (self.peek() in ("(", "<") and name):
                members.append(Member(name if name != "(" else "()", self._method(name)))
                continue
            optional = self.skip("?")
            if not name and self.peek() == "(":
                members.append(Member("", self._method("")))
                continue
            self.take(":")
            members.append(Member(name, self.type(), optional))
            self.skip(";")
            self.skip(",")
        return ("object", [member for member in members if member.name])

    def _method(self, name: str) -> Type:
        """A method: what it takes first and what it gives."""
        if name != "(":
            self._parameters()
            self.take("(")
        first: Type | None = None
        while not self.skip(")"):
            self.skip("...")
            self.take()
            self.skip("?")
            self.take(":")
            kind = self.type()
            first = first or kind
            self.skip(",")
        self.take(":")
        result = self.type()
        self.skip(";")
        return ("method", first, result)


# ---------------------------------------------------------------------- what they mean


@dataclass(frozen=True)
class Route:
    """One route: `path` has `{}` for an id."""

    method: str
    path: str
    parameters: frozenset[str]
    asked: Any = field(compare=False, hash=False, default=None)
    """The type of the parameters, with its scope; None where there are none."""
    result: Any = field(compare=False, hash=False, default=None)

    def fits(self, method: str, path: str) -> bool:
        """Whether a request goes here."""
        mine, asked = self.path.split("/"), path.split("/")
        if method != self.method or len(mine) != len(asked):
            return False
        return all(word in (given, "{}") for word, given in zip(mine, asked, strict=True))


Scope = tuple[Path, dict[str, Any]]
"""Where a type is looked at: the file, and what its parameters stand for there (a type with the scope it came from)."""


class Types:
    """All declarations."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or cache() / "masto" / "dist" / "mastodon").resolve()
        self._modules: dict[Path, Module] = {}
        self.routes = sorted(set(self._routes()), key=lambda route: (route.path, route.method))

    def module(self, path: Path) -> Module:
        if path not in self._modules:
            self._modules[path] = Parser(path).module()
        return self._modules[path]

    def find(self, name: str, path: Path, *, inside: bool = True) -> Declared | None:
        """The declaration of a name as it is seen from within a file, or else by whoever imports from it."""
        if not path.is_relative_to(self.root):
            return None
        head, _, rest = name.partition(".")
        module = self.module(path)
        if not rest and head in module.declared:
            return module.declared[head]
        if rest and head in module.spaces:
            return self.find(rest, module.spaces[head], inside=False)
        if inside and head in module.imports:
            source, original = module.imports[head]
            return self.find(f"{original}.{rest}" if rest else original, source, inside=False)
        for star in module.stars:
            found = self.find(name, star, inside=False)
            if found is not None:
                return found
        return None

    def entity(self, name: str, file: str) -> tuple[Type, Scope]:
        """An entity by its name and file, as `("Status", "entities/v1/status")`."""
        path = (self.root / f"{file}.d.ts").resolve()
        return ("name", name, []), (path, {})

    def fields(self, kind: Type, scope: Scope) -> set[str]:
        """The names of an object type's properties, as they travel."""
        return {snake(member.name) for member, _ in self._members(kind, scope)}

    def _expanded(self, kind: Type, scope: Scope) -> tuple[Type, Scope]:
        """A named type as what it stands for; others as they are."""
        while kind[0] == "name":
            if kind[1] in scope[1]:
                kind, scope = scope[1][kind[1]]
                continue
            declared = self.find(kind[1], scope[0])
            if declared is None:
                break
            given = [(argument, scope) for argument in kind[2]]
            bound = dict(zip(declared.parameters, given, strict=False))
            scope = (declared.module, bound)
            kind = ("both", [*declared.extends, declared.type]) if declared.extends else declared.type
        return kind, scope

    def _members(self, kind: Type, scope: Scope) -> Iterator[tuple[Member, Scope]]:
        """The properties of a type that is an object, or several at once."""
        if kind[0] == "bound":
            kind, scope = kind[1], kind[2]
        kind, scope = self._expanded(kind, scope)
        if kind[0] == "at":
            kind = self._at(kind, scope) or kind
        if kind[0] == "object":
            yield from ((member, scope) for member in kind[1])
        elif kind[0] in ("both", "union"):
            for part in kind[1]:
                yield from self._members(part, scope)
        elif kind[0] == "name" and kind[1] == "Pick":
            wanted = set(self._texts(kind[2][1], scope))
            yield from ((m, s) for m, s in self._members(kind[2][0], scope) if m.name in wanted)

    def _texts(self, kind: Type, scope: Scope) -> Iterator[str]:
        """The words that a type of words allows."""
        kind, scope = self._expanded(kind, scope)
        if kind[0] == "text":
            yield kind[1]
        elif kind[0] == "union":
            for part in kind[1]:
                yield from self._texts(part, scope)
        elif kind[0] == "keys":
            yield from (member.name for member, _ in self._members(kind[1], scope))

    def _at(self, kind: Type, scope: Scope) -> Type | None:
        """`X["name"]` and `X[keyof X]`: what those properties are, as a union bound to its scopes."""
        names = set(self._texts(kind[2], scope))
        parts = []
        inner, where = self._expanded(kind[1], scope)
        whole = [self._at(inner, where)] if inner[0] == "at" else [inner]
        for one in whole:
            if one is None:
                continue
            alternatives = one[1] if one[0] == "union" else [one]
            for alternative in alternatives:
                bound = alternative if alternative[0] == "bound" else ("bound", alternative, where)
                for member, at in self._members(bound[1], bound[2]):
                    if member.name in names:
                        parts.append(("bound", member.type, at))
        return ("union", parts) if parts else None

    # ------------------------------------------------------------------ comparing

    def problems(self, value: Any, kind: Type, scope: Scope, where: str = "") -> list[str]:
        """Where a value is not of a type: `path: what it is, not what it should be`."""
        if kind[0] == "bound":
            return self.problems(value, kind[1], kind[2], where)
        kind, scope = self._expanded(kind, scope)
        if kind[0] == "at":
            found = self._at(kind, scope)
            return self.problems(value, found, scope, where) if found is not None else [f"{where}: cannot be looked up"]
        if kind[0] == "union":
            tries = [self.problems(value, part, scope, where) for part in kind[1]]
            return min(tries, key=_weight)
        if kind[0] == "both":
            return [found for part in kind[1] for found in self.problems(value, part, scope, where)]
        if kind[0] == "list":
            if not isinstance(value, list):
                return [f"{where}: {_kind(value)}, not a list"]
            return [found for one in value for found in self.problems(one, kind[1], scope, f"{where}[]")]
        if kind[0] == "text":
            return [] if value == kind[1] else [f"{where}: {value!r}, not {kind[1]!r}"]
        if kind[0] == "keys":
            return [] if value in set(self._texts(kind, scope)) else [f"{where}: {value!r} is none of its words"]
        if kind[0] == "object" or (kind[0] == "name" and kind[1] == "Pick"):
            return self._object(value, kind, scope, where)
        return self._plain(value, kind, where)

    def _object(self, value: Any, kind: Type, scope: Scope, where: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where}: {_kind(value)}, not an object"]
        found: list[str] = []
        for member, at in self._members(kind, scope):
            name = snake(member.name)
            if name not in value:
                found += [] if member.optional else [f"{where}.{name}: missing"]
            elif not (member.optional and value[name] is None):
                found += self.problems(value[name], member.type, at, f"{where}.{name}")
        return found

    @staticmethod
    def _plain(value: Any, kind: Type, where: str) -> list[str]:
        wanted: dict[str, Any] = {
            "string": str,
            "number": (int, float),
            "boolean": bool,
            "null": type(None),
            "undefined": type(None),
        }
        name = kind[1] if kind[0] == "name" else kind[0]
        if name in ("unknown", "any", "void"):
            return []
        if name in wanted:
            fits = isinstance(value, wanted[name]) and not (name == "number" and isinstance(value, bool))
            return [] if fits else [f"{where}: {_kind(value)}, not a {name}"]
        return [f"{where}: the type {name} is not known"]

    # ------------------------------------------------------------------ routes

    def _routes(self) -> Iterator[Route]:
        client = (self.root / "rest" / "client.d.ts").resolve()
        yield from self._resource(("name", "Client", []), (client, {}), "/api")

    def _resource(self, kind: Type, scope: Scope, path: str) -> Iterator[Route]:
        for member, at in self._members(kind, scope):
            if member.name == "$select":
                yield from self._resource(member.type[2], at, f"{path}/{{}}")
                continue
            if member.type[0] == "name" and member.type[1] == "Method":
                yield self._route(member.name, path, member.type[2], at)
                continue
            if member.type[0] == "method":
                yield self._route(member.name, path, [member.type[2], member.type[1]], at)
                continue
            inner, where = self._expanded(member.type, at)
            if inner[0] == "object" and any(m.name == "()" for m in inner[1]):
                for overload in (m for m in inner[1] if m.name == "()"):
                    yield self._route(member.name, path, [overload.type[2], overload.type[1]], where)
            elif not member.name.startswith("$"):
                yield from self._resource(member.type, at, f"{path}/{snake(member.name)}")

    def _route(self, action: str, path: str, types: list[Type], scope: Scope) -> Route:
        """An action of `masto` as a route (`dispatcher-http-hook-mastodon.js` of the package)."""
        verbs = {"fetch": "GET", "list": "GET", "create": "POST", "update": "PUT", "remove": "DELETE"}
        if action not in verbs:
            path = f"{path}/{snake(action)}"
        method = verbs.get(action) or ("GET" if action in ("lookup", "verifyCredentials") else "POST")
        asked = (types[1], scope) if len(types) > 1 and types[1] is not None else None
        parameters = self.fields(*asked) if asked is not None else set()
        result = types[0]
        while result[0] == "name" and result[1] in ("Promise", "Paginator"):
            result = result[2][0]
        return Route(method, path, frozenset(parameters), asked, (result, scope))

    def route(self, method: str, path: str) -> list[Route]:
        """The routes that a request may go to: several where one action has several forms, none where there is no such
        route.

        A route with fixed words wins over one with an id in their place, as on a server.
        """
        fitting = [route for route in self.routes if route.fits(method, path)]
        fewest = min((route.path.count("{}") for route in fitting), default=0)
        return [route for route in fitting if route.path.count("{}") == fewest]


def _weight(problems: list[str]) -> float:
    """How far a value is from a type: what is wrong at the top counts more than what is wrong deep inside."""
    return sum(0.01 ** problem.partition(":")[0].count(".") for problem in problems)


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
