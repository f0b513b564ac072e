"""What a rule is, once it has been read: plain data, which every part of the policy shares.

A *check* asks one thing: a `TextCheck` about words, a question of `domain.facts` about everything else. A *selection* has
alternatives, of which one must hold as a whole; `when` joins selections. A rule *hits* a message when its `when` holds and no
`except` took the matches away.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from modconsole.domain.facts import Question
from modconsole.domain.texts import Texts as Texts  # what a rule is asked about; the store makes them

Status = Literal["draft", "shadow", "live", "paused"]
STATUSES: Final[dict[Status, str]] = {
    "draft": "is written, and judges nothing",
    "shadow": "judges and counts, and does nothing",
    "live": "judges and acts",
    "paused": "was live, and does nothing until somebody sets it live again",
}

Field = Literal["body", "title", "author name", "author handle", "link", "domain"]
FIELDS: Final[dict[Field, str]] = {
    "body": "the message as people read it",
    "title": "the title of the message, or of the conversation",
    "author name": "the name its author shows",
    "author handle": "its author's handle",
    "link": "each address in it",
    "domain": "the host of each address in it; a pattern without dots in front also finds its subdomains",
}
"""What words can be looked for in."""

Method = Literal["word", "substring", "full", "full-exact", "starts", "ends"]
METHODS: Final[dict[str, Method]] = {
    "word": "word",
    "includes-word": "word",
    "substring": "substring",
    "includes": "substring",
    "full": "full",
    "full-text": "full",
    "full-exact": "full-exact",
    "starts": "starts",
    "starts-with": "starts",
    "ends": "ends",
    "ends-with": "ends",
}
"""Words for the methods; AutoModerator's are taken as well and mean what they mean there."""

Fold = Literal["exact", "case", "marks", "lookalike"]
FOLDS: Final[dict[Fold, str]] = {
    "exact": "as written; invisible characters count",
    "case": "upper and lower case are the same",
    "marks": "and accents and other marks are left out, invisible characters too, full-width and mathematical letters are plain",
    "lookalike": "and letters that look like others, as Cyrillic а, are those",
}
"""How alike two texts must be; each includes those before it."""
Channel = Literal["leet", "squeeze"]
CHANNELS: Final[dict[Channel, str]] = {
    "leet": "digits and signs for letters, as in g1ve4way",
    "squeeze": "letters repeated, as in giiiveaway",
}
"""What is looked at besides, never instead: where the text as folded does not match."""


class TextCheck(Struct, frozen=True, kw_only=True, tag=True):
    """Words or patterns that at least one of the fields has; with `every`, all of them, in whichever of the fields."""

    fields: tuple[Field, ...]
    items: tuple[str, ...]
    """Literals, or expressions where `regex`; as written, lists already put in."""
    method: Method = "word"
    regex: bool = False
    fold: Fold = "lookalike"
    channels: tuple[Channel, ...] = ()
    every: bool = False
    negated: bool = False


Check = TextCheck | Question


class Selection(Struct, frozen=True, kw_only=True):
    """Named checks: one of the alternatives must hold, all checks of it."""

    name: str
    alternatives: tuple[tuple[Check, ...], ...]


class Ref(Struct, frozen=True, tag=True):
    """A selection in `when`, by its name."""

    name: str


class Not(Struct, frozen=True, tag=True):
    """What must not hold."""

    of: When


class Some(Struct, frozen=True, tag=True):
    """At least `least` of several: all of them is "and", one of them is "or"."""

    least: int
    of: tuple[When, ...]


When = Ref | Not | Some

ActionName = Literal[
    "flag",
    "tag",
    "priority",
    "assign",
    "suggest snippet",
    "suggest close",
    "hold",
    "hide",
    "remove",
    "spam",
    "approve",
    "mute",
    "ban",
    "lock",
    "report",
    "strike",
    "escalate",
    "notify",
]


class ActionInfo(Struct, frozen=True, kw_only=True):
    """What one action is: what it does, what it takes, and in which phase it comes."""

    does: str
    value: str = ""
    """What stands after it in the rule file, in words; empty where nothing does."""
    required: bool = False
    span: bool = False
    """Whether `for: 7 days` can be given."""
    phase: Literal["removal", "annotate"] = "annotate"
    """`removal` comes first; with the order of AutoModerator, the first rule that removes ends it."""
    remote: bool = False
    """Whether it is an act on the platform."""


ACTIONS: Final[dict[ActionName, ActionInfo]] = {
    "flag": ActionInfo(does="puts the message in the list of hits for somebody to look at"),
    "tag": ActionInfo(does="puts tags on the ask", value="tags", required=True),
    "priority": ActionInfo(
        does="marks the ask as urgent, high or low, shown as a tag", value="urgent, high, low", required=True
    ),
    "assign": ActionInfo(does="gives the ask to somebody", value="a moderator", required=True),
    "suggest snippet": ActionInfo(does="offers a text in the composer", value="the text", required=True),
    "suggest close": ActionInfo(does="offers to close the ask", value="the reason", required=True),
    "hold": ActionInfo(does="holds the message until a moderator approves it", phase="removal", remote=True),
    "hide": ActionInfo(does="hides the message", phase="removal", remote=True),
    "remove": ActionInfo(does="removes the message", value="the platform's reason", phase="removal", remote=True),
    "spam": ActionInfo(does="marks the message as spam", phase="removal", remote=True),
    "approve": ActionInfo(does="approves a message that is held", remote=True),
    "mute": ActionInfo(does="mutes the author", span=True, phase="removal", remote=True),
    "ban": ActionInfo(does="bans the author", span=True, phase="removal", remote=True),
    "lock": ActionInfo(does="locks the conversation", remote=True),
    "report": ActionInfo(does="reports the message to the platform", value="the reason", remote=True),
    "strike": ActionInfo(does="proposes a strike against the author", span=True),
    "escalate": ActionInfo(does="asks somebody in particular to decide", value="a moderator", required=True),
    "notify": ActionInfo(does="tells somebody in the next digest", value="a moderator", required=True),
}


class Action(Struct, frozen=True, kw_only=True):
    """One thing that a rule does on a hit."""

    name: ActionName
    value: str = ""
    span: int | None = None
    """For how long, in microseconds; None is for good."""


class Example(Struct, frozen=True, kw_only=True):
    """A text that a rule must hit, or must miss. Facts are not asked of it: those named in `facts` hold, all others do not; an
    author is a member."""

    text: str
    hit: bool
    line: int = 0
    field: Field = "body"
    selections: tuple[str, ...] = ()
    """Selections of facts that are taken to hold."""


class Expect(Struct, frozen=True, kw_only=True):
    """What the backtest must show before the rule is set live, and what pauses it when it is. Absent: not asked."""

    least_hits: int | None = None
    most_hits: int | None = None
    most_per_day: float | None = None
    precision: float | None = None
    """The share of hits, 0 to 1, that moderators decided in the same way, among those that they decided about."""
    most_reversals: float | None = None
    """The share of what it did, 0 to 1, that may be taken back by people within 30 days before it is paused."""


class Rule(Struct, frozen=True, kw_only=True):
    """One rule document."""

    id: str
    """Stable: letters, digits, `-`, `_` and `.`, at most 64. History hangs on it, not on the name."""
    name: str
    status: Status = "draft"
    owner: str = ""
    why: str = ""
    expires: int | None = None
    """Instant from which it judges no more."""
    priority: int = 0
    """Larger comes first."""
    selections: tuple[Selection, ...]
    when: When
    exceptions: tuple[TextCheck, ...] = ()
    """`except`: a match that lies within a match of one of these is none. Asked at every match."""
    actions: tuple[Action, ...]
    public: str = ""
    """What members are told: goes into guidelines and notices."""
    section: str = ""
    """The heading it goes under in the guidelines."""
    examples: tuple[Example, ...] = ()
    expect: Expect | None = None
    exempt_us: bool = True
    """Whether messages of ours and of moderators are left alone."""
    path: str = ""
    """The file's name within the folder; with `line` where the document begins there."""
    line: int = 0
    source: str = ""
    """The document as it stands in the file."""


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong with one rule document, or something to know about it. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    words: str
    """One sentence: what is wrong."""
    hint: str = ""
    """What to do, as "Did you mean `fold`?"."""
    rule: str = ""
    """The rule's id, where it could be read."""
    warning: bool = False
    """True where the rule is taken all the same."""


class House(Struct, frozen=True, kw_only=True):
    """The folder's own settings, from `house.yaml`."""

    order: Literal["all", "automoderator"] = "all"
    """all: every rule that hits acts, larger priorities first. automoderator: rules that remove come first and the first hit
    among them ends it for that message's removal; then all others act."""
    may_set_live: tuple[str, ...] = ()
    """Who may set rules live; empty: everybody."""
    title: str = "Community guidelines"
    intro: str = ""
    guidelines: str = ""
    """The address where members find the guidelines; notices link to it."""
    strikes_last: int = 90 * 86_400_000_000
    """Microseconds after which a strike is no longer in force."""
    ladder: tuple[Rung, ...] = ()
    appeals: str = ""
    """What members are told about how to appeal."""


class Rung(Struct, frozen=True, kw_only=True):
    """With so many strikes in force, this is proposed; done by itself only with `automatic`."""

    strikes: int
    action: Action
    automatic: bool = False


class RuleSet(Struct, frozen=True, kw_only=True):
    """A folder, read: what can be used, and what is wrong with the rest."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()
    house: House = House()
    lists: dict[str, tuple[str, ...]] = {}


class Match(Struct, frozen=True, kw_only=True, gc=False):
    """Where the words of a check are. Positions count code points of the field's original text; of `link` and `domain`, those of
    the address within the body."""

    selection: str
    field: Field
    start: int
    end: int
    words: str
    """What stands there, as it is written there."""
    item: str
    """The literal or expression that matched, as it stands in the rule."""
    channel: str = ""
    """How it was found where it is not the plain text: `lookalike`, `leet`, `squeeze`, …; empty otherwise."""


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """A rule hits a message. `matches` are in their order of place; none where no words were asked for."""

    rule: str
    ident: int
    matches: tuple[Match, ...] = ()
    held: tuple[str, ...] = ()
    """The selections that held."""


class Skipped(Struct, frozen=True, kw_only=True, gc=False):
    """A rule was given up on one message: an expression took longer than it may."""

    rule: str
    ident: int
    item: str
    seconds: float
