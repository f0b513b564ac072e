"""Every sentence that a reader of rule files can say: what is wrong, and what to do about it.

One table, so that the page of the language can be held to showing each of them. `{near}` is a hint that was made for the case.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Saying(Struct, frozen=True):
    """A sentence with gaps, a hint, and whether the document is taken all the same."""

    words: str
    hint: str = ""
    warning: bool = False


_FILES: Final[dict[str, Saying]] = {
    "unreadable": Saying("The file cannot be read: {why}.", "Look at who may read it."),
    "no file": Saying("This is no ordinary file, and is not read."),
    "large file": Saying(
        "The file is larger than {most} MB, and is not read.",
        "Divide it; long lists of words go into `lists/NAME.txt`.",
    ),
    "many files": Saying("There are more than {most} files in the folder; this one and those after it are not read."),
    "no utf-8": Saying("The file is no UTF-8 text from here on.", "Save it as UTF-8."),
    "more": Saying("There are more than {most} problems in this document; those after them are not shown."),
}

_YAML: Final[dict[str, Saying]] = {
    "long document": Saying(
        "The document is longer than {most} KB.", "Put long lists of words into `lists/NAME.txt`, one on a line."
    ),
    "bad character": Saying("There is a character here that cannot be seen ({code}).", "Take it out."),
    "surrogate": Saying(
        "There is half a character in these quotes.", 'Write the character itself, or as in "\\U0001F600".'
    ),
    "directive": Saying(
        "Lines that begin with % are not read.", "Rule files are YAML 1.2; take the line out.", warning=True
    ),
    "no yaml": Saying("The document cannot be read as YAML.", "Look at the quotes and brackets in it."),
    "no mapping": Saying("The document is no mapping of keys to values.", "Begin with `id: name-of-the-rule`."),
    "alias": Saying(
        "An unquoted * begins a YAML alias, which rule files do not have.",
        "Put text that begins with * in single quotes.",
    ),
    "anchor": Saying(
        "An unquoted & begins a YAML anchor, which rule files do not have.",
        "Put text that begins with & in single quotes; words that rules share go into `lists.yaml`.",
    ),
    "yaml tag": Saying(
        "An unquoted ! begins a YAML tag, which rule files do not have.",
        "Put text that begins with ! in single quotes.",
    ),
    "deep": Saying("Lists and mappings lie more than {most} deep in each other.", "A rule needs no more than six."),
    "key no text": Saying(
        "The key before this colon is a list or a mapping.", "Put text with {{ or [ in single quotes."
    ),
    "key twice": Saying(
        "`{key}` is there twice; the first is in line {before}.",
        "Keep one; a second check of the same kind takes a suffix, as `body#2`.",
    ),
    "tab": Saying("There is a tab at the beginning of this line.", "Indent with spaces."),
    "needs quotes": Saying("Text cannot begin with {what} without quotes.", "Put it in single quotes: '{what}…'."),
    "escape": Saying(
        "In double quotes, \\{what} means nothing.",
        "Put expressions in single quotes, where a backslash is a backslash.",
    ),
    "escape digits": Saying(
        "In double quotes, \\x, \\u and \\U need 2, 4 and 8 hexadecimal digits.",
        "Put expressions in single quotes, where a backslash is a backslash.",
    ),
    "second colon": Saying(
        "There is a colon here where none can be.",
        "Put text with a colon and a space in quotes; or indent this line as the one above.",
    ),
    "no colon": Saying("A key without its colon.", "Write `key: value`."),
    "open quote": Saying("The quotation mark here is never closed.", "In single quotes, ' is written ''."),
    "open bracket": Saying(
        "The [ in line {line}, column {column} is not closed before this.",
        "Close it with ], or put one comma between its items.",
    ),
    "open brace": Saying(
        "The {{ in line {line}, column {column} is not closed before this.",
        "Close it with }}, or put one comma between its parts.",
    ),
    "block sign": Saying(
        "After > or | nothing else can be on the line.", "Put a text that begins with > or | in quotes."
    ),
    "folded": Saying("`{said}` begins a block of text in YAML, and compares nothing.", 'Put it in quotes: "> 5".'),
    "remark in key": Saying(
        "From a # with a space in front of it on, YAML reads a remark.",
        "Write the suffix of a key without the space: `body (word)#2`.",
    ),
    "curly quotes": Saying("These quotation marks are not those of YAML.", "Write straight ones: ' or \"."),
    "dash": Saying("A list cannot begin on the line of its key.", "Begin it on the next line, or write [a, b]."),
    "indentation": Saying(
        "This line is indented neither as those above it nor as a part of them.",
        "Keys of one mapping begin in one column.",
    ),
}

_RULE: Final[dict[str, Saying]] = {
    "unknown key": Saying("`{key}` is no key of a rule.", "{near}"),
    "automod key": Saying("`{key}` is a key of AutoModerator's.", "{near}"),
    "check outside": Saying(
        "`{key}` stands outside of `select`.", "Put it under a name of yours: `select: {{words: {{{key}: …}}}}`."
    ),
    "no id": Saying("The rule has no `id`.", "{near}"),
    "bad id": Saying("An id has letters a to z, digits, `-`, `_` and `.`, at most 64 of them.", "{near}"),
    "id twice": Saying("There is a rule `{id}` already, in {where}; this one is left out.", "Give it another id."),
    "no select": Saying(
        "The rule does not say what it looks for.", "Write `select:`, and under it a name with checks."
    ),
    "no do": Saying("The rule does nothing.", "Write `do: [flag]`, so that hits are listed for somebody to look at."),
    "no text": Saying("`{key}` is a text."),
    "long text": Saying("`{key}` has more than {most} characters."),
    "odd text": Saying("`{key}` has line breaks or control characters where they cannot be."),
    "bad status": Saying("`{word}` is no status.", "{near}"),
    "bad date": Saying("This is no day and no time.", "Write 2027-01-31, or 2027-01-31T18:00:00Z."),
    "no priority": Saying("A priority is a whole number from -{most} to {most}."),
    "no number": Saying("This is no whole number of at least {least}."),
    "yes no": Saying("`{word}` is neither true nor false in YAML 1.2.", "Write `{here}`."),
    "no truth": Saying("Here stands true or false."),
    "no span": Saying("This is no length of time.", "Write `7 days`, `90 minutes` or `8h`."),
    "section alone": Saying(
        "`section` heads a text for members, and there is none.", "Write the text as `public`.", warning=True
    ),
}

_SELECT: Final[dict[str, Saying]] = {
    "select shape": Saying(
        "`select` holds no selections.",
        "Under it stand names, and under each name its checks, as `body (word): [free]`.",
    ),
    "many selections": Saying("There are more than {most} selections."),
    "check unnamed": Saying(
        "`{key}` is a check where the name of a selection stands.", "Put a name above it: `words:`."
    ),
    "selection name": Saying(
        "`{name}` cannot be the name of a selection.", "Take a word that is not and, or, not, of, …"
    ),
    "selection empty": Saying("`{name}` has no checks.", "Write checks under it, as `body (word): [free]`."),
    "check key": Saying(
        "`{key}` cannot be read as a check.", "Write a field and in brackets how to look: `body (word, regex)`."
    ),
    "comma in braces": Saying(
        "In braces, a comma ends the key: only `{key}` is left of it.",
        "Put the whole key in quotes, or on a line of its own.",
    ),
    "unknown check": Saying("`{name}` is neither a field nor a fact.", "{near}"),
    "fact joined": Saying("`{name}` is no field: only fields can be joined with +.", "Give it a line of its own."),
    "unknown modifier": Saying("`{word}` says nothing about how to look.", "{near}"),
    "empty modifier": Saying("There is nothing between these brackets or commas.", "Take them out."),
    "two methods": Saying("`{word}` is a second method.", "Keep one of them."),
    "two folds": Saying("`{word}` says a second time how alike texts must be.", "Keep one of them."),
    "channel idle": Saying(
        "`{word}` works only for words and substrings that are no expressions, and not in `domain`.",
        "Take it out.",
        warning=True,
    ),
    "words compared": Saying(
        "`{word}` compares numbers, and this check looks for words.", "The length of a message is `length`."
    ),
}

_ITEMS: Final[dict[str, Saying]] = {
    "no items": Saying("There are no words to look for.", "Write at least one, or take the check out."),
    "items mapping": Saying("Here stands a word or a list of words.", "Put text with a colon in it in quotes."),
    "item no text": Saying(
        "This is a list or a mapping, and no word to look for.", "Put text with a colon, or with [ or {{, in quotes."
    ),
    "item empty": Saying(
        "This item is empty, and would be found everywhere.", "Take it out; an unquoted # begins a remark."
    ),
    "item folded": Saying("An unquoted > or | begins a block of text, and this one is empty.", "Put it in quotes."),
    "item blank": Saying(
        "Nothing is left of this item when it is folded, so it would be found everywhere.", "Add `fold exact`."
    ),
    "item long": Saying("This item has more than {most} characters."),
    "item backspace": Saying(
        "In double quotes, \\b is the character of the backspace key.", "Put expressions in single quotes."
    ),
    "item control": Saying("There is a control character ({code}) in this item.", "Put expressions in single quotes."),
    "item line break": Saying(
        "This item ends in a line break, which must be found too.", "Put it in quotes on one line.", warning=True
    ),
    "item curly": Saying(
        "These quotation marks are taken as part of the text.", "Write straight ones: ' or \".", warning=True
    ),
    "item remark": Saying(
        "`{remark}` is a remark to YAML, and not looked for.", "Put the whole text in quotes.", warning=True
    ),
    "item twice": Saying("`{item}` is there twice.", "Keep one of them.", warning=True),
    "item short": Saying("`{item}` is within very many words.", "Write `word` instead of `substring`.", warning=True),
    "hits everything": Saying(
        "`{item}` is found in every text.", "Look for something that must be there.", warning=True
    ),
    "bad expression": Saying(
        "This is no expression: {why}, at character {at}.", "Put a backslash before a sign that is meant as it is."
    ),
    "odd expression": Saying("This expression cannot be used: {why}."),
    "folded expression": Saying(
        "`{letters}` is never there after folding with `fold {fold}`.",
        "Write it as it is folded, or take `fold case`.",
        warning=True,
    ),
    "unknown list": Saying("There is no list `{name}`, or it has mistakes of its own.", "{near}"),
    "list expression": Saying("`{item}` in the list `{name}` is no expression: {why}."),
}

_FACTS: Final[dict[str, Saying]] = {
    "fact modifier": Saying(
        "`{word}` is for words, and `{name}` is a fact.", "Facts take <, <=, >, >= or = in the brackets."
    ),
    "fact brackets": Saying(
        "What `{name}` is compared with stands behind the colon.", "Write `{name} ({op}): {rest}`."
    ),
    "two operators": Saying(
        "`{name}` is compared twice in one line.", "Write the second on a line of its own, with a suffix."
    ),
    "no comparison": Saying("`{name}` is {kind}, and cannot be larger or smaller.", "Write `{name}: {example}`."),
    "fact no text": Saying("`{name}` has no value here.", "Write `{name}: {example}`."),
    "fact value": Saying("`{name}` takes {kind}.", "Write for example `{name} (<): {example}`."),
    "no operator": Saying("`{name}` needs < or >: it is never exactly so long.", "Write `{name} (<): {value}`."),
    "fact word": Saying("`{name}` is never `{word}`.", "{near}"),
    "hours": Saying("{why}", "{near}"),
    "facts apart": Saying(
        "`{name}` cannot be both {one} and {other}.",
        "Put them into two selections, with `or` between them.",
        warning=True,
    ),
    "history shape": Saying(
        "`history` is no counter.", "Write `history: {{count: messages, within: 10 minutes, more than: 5}}`."
    ),
    "unknown history key": Saying("`{key}` is no key of `history`.", "{near}"),
    "history missing": Saying(
        "`history` has no `{key}`.", "Write `{{count: messages, within: 10 minutes, more than: 5}}`."
    ),
    "history number": Saying(
        "`history` compares with no number.", "Write one of `more than`, `at least`, `less than`, `at most`, `exactly`."
    ),
    "history numbers": Saying(
        "`history` has both `{one}` and `{other}`.", "Write a list of two counters: both must hold."
    ),
    "always so": Saying("`{words}` is {always} so.", "Take a larger number.", warning=True),
    "unknown counted": Saying("`{word}` cannot be counted.", "{near}"),
}

_WHEN: Final[dict[str, Saying]] = {
    "when shape": Saying("`when` is one line of text.", "Write `when: words and (newcomer or flood)`."),
    "when empty": Saying("`when` says nothing.", "Take it out where all selections must hold."),
    "when large": Saying("`when` has more than {most} words and signs.", "Divide the rule."),
    "when deep": Saying("The brackets in `when` lie more than {most} deep in each other.", "Divide the rule."),
    "when quote": Saying("The quotation mark here is never closed.", "Only names with spaces need quotes."),
    "when bracket": Saying("There is a ) without its (.", "Take it out."),
    "when open": Saying("There is a ( without its ).", "Close it."),
    "when joined": Saying(
        "Between what is in front of `{word}` and what comes then stands nothing.", "Write `and` or `or`."
    ),
    "when ends": Saying("After this the name of a selection is missing.", "Write it, or take the last word out."),
    "when name": Saying(
        "Here stands the name of a selection, and not `{word}`.", "Put a name that is such a word in quotes."
    ),
    "when sign": Saying("`{word}` is written `{here}` in `when`.", "Write `{here}`."),
    "when unknown": Saying("There is no selection `{name}`.", "{near}"),
    "when of": Saying("After `of` stands `them`, or names in brackets.", "Write `2 of (a, b, c)`."),
    "when count": Saying("{number} of {most} can never be.", "Take a number from 1 to {most}."),
    "unused": Saying("`when` does not use the selection `{name}`.", "Add it, or take the selection out.", warning=True),
    "never": Saying("This `when` can never hold.", "Look at its `not`.", warning=True),
    "always": Saying("This `when` always holds, whatever is written.", "Look at its `not`.", warning=True),
}

_REST: Final[dict[str, Saying]] = {
    "except shape": Saying("`except` holds no checks.", "Write `except: {{body (word): [giveaway rules]}}`."),
    "except fact": Saying(
        "`except` is about words, and `{name}` is a fact.",
        "Make it a selection, and write `and not` with its name in `when`.",
    ),
    "except turned": Saying("`~` and `every` mean nothing in `except`.", "Write the words that are no hit."),
    "except idle": Saying(
        "`except` has nothing to take away: the rule looks for no words.", "Take it out.", warning=True
    ),
    "no action": Saying("`do` holds no action.", "Write `do: [flag]`."),
    "action shape": Saying("This is no action.", "Write `- hold`, or `- tag: scam`."),
    "unknown action": Saying("`{name}` is no action.", "{near}"),
    "action value": Saying("`{name}` needs a value: {takes}.", "Write `{name}: …`."),
    "action takes nothing": Saying("`{name}` takes nothing.", "Write `- {name}`."),
    "action text": Saying("`{name}` takes one text: {takes}."),
    "action span": Saying("`{name}` takes only for how long.", "Write `{name}: {{for: 7 days}}`."),
    "priority word": Saying("`{word}` is no priority of an ask.", "{near}"),
    "tag": Saying(
        "A tag is a word without spaces, commas and quotation marks.", "Write `tag: scam`, or `tag: [scam, urgent]`."
    ),
    "action twice": Saying("`{name}` is there twice.", "Keep one of them.", warning=True),
    "two removals": Saying("`{other}` adds nothing to `{one}`.", "Keep the one that is meant.", warning=True),
    "approve and remove": Saying("`approve` and `{other}` undo each other.", "Keep the one that is meant."),
    "no ladder": Saying(
        "A strike leads to nothing: there is no `ladder` in house.yaml.",
        "Write one, or take `strike` out.",
        warning=True,
    ),
    "tests shape": Saying("`tests` is a list of texts.", "Write `- hit: free airdrop` or `- miss: giveaway rules`."),
    "unknown test key": Saying("`{key}` is no key of a test.", "{near}"),
    "test both": Saying("A test says `hit` or `miss`, not both.", "Make two of it."),
    "test neither": Saying("A test says `hit` or `miss`.", "Write `- hit: free airdrop`."),
    "test text": Saying("`{key}` is a text of at most {most} characters.", "Put text with a colon in quotes."),
    "test field": Saying("`{word}` is no field.", "{near}"),
    "test given": Saying("`given` names `{name}`, which is no selection.", "{near}"),
    "test words given": Saying(
        "`{name}` asks for words, which a test has in its text.", "Take it out of `given`.", warning=True
    ),
    "expect shape": Saying("`expect` holds no bounds.", "Write `expect: {{hits: 1..500, precision: 0.9}}`."),
    "unknown expect key": Saying("`{key}` is no key of `expect`.", "{near}"),
    "expect hits": Saying("This is no range of hits.", "Write `hits: 1..500`, `hits: 1..` or `hits: ..500`."),
    "expect turned": Saying("No number is at least {least} and at most {most}.", "Write `hits: {most}..{least}`."),
    "expect per day": Saying("`hits per day` is a number.", "Write `hits per day: 20`."),
    "expect share": Saying("`{key}` is a share, from 0 to 1.", "{near}"),
}

_FOLDER: Final[dict[str, Saying]] = {
    "lists shape": Saying("`lists.yaml` is a mapping of names to lists.", "Write `scam-words: [giveaway, airdrop]`."),
    "list name": Saying("`{name}` cannot be the name of a list.", "It has letters, digits, `-` and `_`."),
    "list shape": Saying("`{name}` is no list.", "Write `{name}: [giveaway, airdrop]`."),
    "list item": Saying(
        "This item of `{name}` is no text, or empty.", "Put text with a colon, or with [ or {{, in quotes."
    ),
    "list twice": Saying(
        "There is a list `{name}` already, in {where}; this one is left out.", "Give it another name."
    ),
    "list empty": Saying("The list `{name}` is empty.", "Write something into it, or take it out."),
    "list broken": Saying("The list `{name}` takes in `{other}`, which has mistakes.", "Correct that one."),
    "list long": Saying("The list `{name}` has more than {most} items."),
    "list cycle": Saying("The list `{name}` takes itself in: {way}.", "Take one of them out."),
    "list file": Saying("Only files that end in .txt are lists; this one is not read.", warning=True),
    "house twice": Saying("`house.yaml` is one document; those after the first are not read."),
    "unknown house key": Saying("`{key}` is no key of `house.yaml`.", "{near}"),
    "house order": Saying("`{word}` is no order.", "{near}"),
    "house people": Saying("`may set live` is a list of people.", "Write `may set live: [ann, bob]`."),
    "ladder shape": Saying(
        "A step of `ladder` has `strikes` and `do`.", "Write `- {{strikes: 2, do: {{mute: {{for: 7 days}}}}}}`."
    ),
    "unknown ladder key": Saying("`{key}` is no key of a step of `ladder`.", "{near}"),
    "ladder action": Saying("A step of `ladder` does one thing: {known}.", "Write `do: {{mute: {{for: 7 days}}}}`."),
    "ladder order": Saying(
        "The step at {strikes} strikes comes after the one at {before}.", "Put the smaller number first."
    ),
}

SAYINGS: Final[dict[str, Saying]] = {
    **_FILES,
    **_YAML,
    **_RULE,
    **_SELECT,
    **_ITEMS,
    **_FACTS,
    **_WHEN,
    **_REST,
    **_FOLDER,
}
