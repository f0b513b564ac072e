"""Disguises are found, and what other people simply write is not taken for one."""

from __future__ import annotations

import random
import re

import pytest
from benchmarks.disguises import DISGUISES

from modconsole.policy.engine import Engine
from modconsole.policy.model import Texts
from tests.policy.engines import check, rule, scan

WORDS = re.findall(
    r"\w+",
    "giveaway airdrop casino bitcoin crypto viagra poker jackpot wallet investment profit bonus lottery winner prize replica"
    " cheap loan credit forex trading pills weight escort dating webcam adult hentai torrent crack keygen cheat hacker"
    " password giftcard voucher coupon refund invoice scam spam phishing malware botnet exploit suicide nazi racist abuse"
    " idiot moron stupid loser retard bastard hoax fraud fake promo discount followers subscribers telegram whatsapp",
)
RUSSIAN = (
    "Вот и всё, что я хотел сказать. Кто-нибудь знает, как это сделать? Нет, не так: нужно открыть настройки и выбрать язык."
    " Мама мыла раму. Сегодня утром на горе лежал снег, а к вечеру он весь растаял. Спасибо, там всё работает!"
    " Его рука устала. Он там один. Тот, кто ищет, тот найдёт. Вас зовут в кино. Кот сел на окно. Рот на замок."
    " Горе от ума. Сам не знаю, сколько раз я это читал. У вас есть вопросы? Сто раз говорил: ток опасен."
)
GREEK = (
    "Καλημέρα σε όλους. Αυτό είναι το νερό που ήπια χθες. Δεν ξέρω αν μπορώ να έρθω, αλλά θα προσπαθήσω."
    " Τα παιδιά παίζουν στην αυλή. Ποιος είναι εδώ; Όχι, δεν το έχω δει ακόμα."
)
ENGLISH = re.findall(
    r"\w+",
    "bot cop rope to no my he hot toy cat go ok tot het kak bam cam pot port top tom map mop rot hop hope cope core more car"
    " care bar cab cot coma come home hey hex box boxer taxi tax toe top ton ten net not note va van vet ero era tok mar por ox",
)


@pytest.mark.parametrize("kind", DISGUISES)
def test_words_in_disguise_are_found(kind: str) -> None:
    """Of every kind all words, in the middle of a sentence."""
    chance = random.Random(kind)
    engine = Engine([rule(check(*WORDS))])
    texts = [
        Texts(ident=n, body=f"so i said get {DISGUISES[kind](word, chance)} now, ok?") for n, word in enumerate(WORDS)
    ]
    found = engine.scan(texts).found
    missed = [
        word for n, word in enumerate(WORDS) if word not in {m.item for ms in found.get(n, {}).values() for m in ms}
    ]
    assert not missed


@pytest.mark.parametrize("text", [RUSSIAN, GREEK])
def test_words_of_other_languages_are_not(text: str) -> None:
    """Sentences of Russian and Greek have no English word, whatever their words look like."""
    for sentence in (text, *text.split(". ")):
        assert not scan(rule(check(*ENGLISH)), sentence).found


@pytest.mark.parametrize("text", [RUSSIAN, GREEK])
def test_words_of_other_languages_are_found_as_themselves(text: str) -> None:
    """Each of their words is found by an item of the same letters, in capitals too."""
    words = list(dict.fromkeys(word.strip(".,!?:;") for word in text.split()))
    for written in (text, text.upper()):
        found = scan(rule(check(*words)), written).found[0]
        items = {match.item for matches in found.values() for match in matches}
        assert items == set(words)
