"""What a person may want to do with one key. A suggestion never acts by itself.

A thank-you after our answer usually needs no reply. It is recognised by its words: all of the message must be made of
words of thanks, greetings and smileys, so that "thanks, but it still fails" is never mistaken for one.
"""

from __future__ import annotations

import re
import unicodedata

_MENTION = re.compile(r"(?:^|\s)@\S+")

_THANKS = frozenset(
    [
        "thanks",
        "tak",
        "dík",
        "moc",
        "wielkie",
        "thank",
        "thx",
        "thanx",
        "ty",
        "tysm",
        "tyvm",
        "cheers",
        "appreciated",
        "danke",
        "dankeschön",
        "merci",
        "gracias",
        "grazie",
        "obrigado",
        "obrigada",
        "bedankt",
        "dank",
        "tack",
        "takk",
        "kiitos",
        "спасибо",
        "дякую",
        "ありがとう",
        "ありがとうございます",
        "谢谢",
        "謝謝",
        "감사합니다",
        "고마워요",
        "شكرا",
        "ধন্যবাদ",
        "धन्यवाद",
        "teşekkürler",
        "dziękuję",
        "dzięki",
        "děkuji",
        "díky",
        "köszönöm",
        "mulțumesc",
        "ευχαριστώ",
        "תודה",
    ]
)
_FILLERS = frozenset(
    [
        "you",
        "tusind",
        "çok",
        "רבה",
        "πολύ",
        "so",
        "much",
        "very",
        "a",
        "lot",
        "again",
        "all",
        "for",
        "the",
        "your",
        "that",
        "this",
        "it",
        "is",
        "was",
        "works",
        "worked",
        "now",
        "great",
        "perfect",
        "awesome",
        "nice",
        "cool",
        "ok",
        "okay",
        "help",
        "helped",
        "helping",
        "quick",
        "fast",
        "reply",
        "answer",
        "answers",
        "response",
        "and",
        "to",
        "my",
        "many",
        "million",
        "dear",
        "hi",
        "hello",
        "lovely",
        "super",
        "brilliant",
        "excellent",
        "wonderful",
        "kindly",
        "indeed",
        "yes",
        "got",
        "will",
        "do",
        "have",
        "day",
        "one",
        "good",
        "best",
        "big",
        "really",
        "i",
        "we",
        "team",
        "everyone",
        "guys",
        "sehr",
        "vielen",
        "schön",
        "herzlichen",
        "beaucoup",
        "muchas",
        "mille",
        "tante",
        "muito",
        "hartelijk",
        "всё",
        "большое",
        "огромное",
        "wel",
        "u",
        "je",
    ]
)


def is_thanks(text: str) -> bool:
    """Whether a text says nothing but thank you. At most fourteen words, no question mark; mentions are passed over."""
    if "?" in text or "？" in text or "؟" in text:
        return False
    words = [word for word in map(_bare, _MENTION.sub(" ", text).casefold().split()) if word]
    return (
        0 < len(words) <= 14
        and any(word in _THANKS for word in words)
        and all(word in _THANKS or word in _FILLERS for word in words)
    )


def _bare(word: str) -> str:
    """A word without punctuation and pictures at its ends. Combining marks stay: several scripts spell vowels with them."""
    start, end = 0, len(word)
    while start < end and unicodedata.category(word[start])[0] in "PSC":
        start += 1
    while end > start and unicodedata.category(word[end - 1])[0] in "PSC":
        end -= 1
    return word[start:end]
