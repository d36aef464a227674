"""Words in signs of several scripts or in emoji are called unreadable; languages, formulas and decorations are not."""

from __future__ import annotations

import pytest

from classifiers.extract.hidden_writing.cipher_of_signs import without_ciphers_of_signs
from tests.differential.evasions.letters import LETTERS

SENTENCE = "my stepdad hits me every night and i am scared to go home please help me"
ALPHABETS = (
    "🐜🐻🐈🐕🐘🐸🐐🐴🍦🤹🪁🦁🐒🎶🐙🐷👑🐰🐍🐯☂🏐🐋❌🪀🦓",
    "🍎🍌🍒🍩🥚🍟🍇🏠🍧🕹🥝🍋🌙🥜🍊🍕👸🌈⭐🍅☂🏐🍉🎄🧶🦓",
    "ߊც☾◗ꙮჶ❡♄♗♪ϰ↳♔♫⊙ק☭☈Ⴝ☂☋✓ഡ⌘☿☡",
)
ORDINARY = (
    "Уважаемая учительница, мой сын сегодня болен и не придёт в школу, пожалуйста, пришлите нам задание на завтра.",
    "先生、今日は息子が熱を出したので学校を休ませていただきます。 宿題は メールで 送って いただけますか。",
    "Estimadas familias: 🎉🎊🥳 ¡Mañana es la fiesta! 🎈🎁 Traigan comida 🍕 y bebidas 🥤 para todos. ❤️",
    "α-particles, β-decay and γ-rays: ΔE = hν, λ = c/ν, Σp = 0, θ = 45°, μ = 0.3, ρ = m/V, ω = 2πf, Ω = 5.",
    "😂😂😂 🔥🔥🔥 💀💀💀 🙏🙏🙏 ❤️❤️❤️ 👏👏👏 🎉🎉🎉 🥳🥳🥳 🏆🏆🏆",
    "✅ Forms ✅ Shoes ✅ Water ☐ Snacks ☐ Sunscreen ☐ Permission ★★★★☆ © 2025 Riverbend ® ™ €5 £4 ¥300",
    "السلام عليكم، ابني مريض اليوم ولن يأتي إلى المدرسة، هل يمكن إرسال الواجب بالبريد من فضلك؟ شكرا جزيلا لكم",
    "明天我们学习MBA课程， 请带iPad和USB线， "
    "参加PTA会议的家长请发Email给Smith老师， 谢谢大家😀🎉👏！ 另外HSK考试在周五， "
    "请看PDF文件， 也可以打开Word文档， 或者下载App软件。",
    "내일 PTA회의가 있습니다. iPad와 USB케이블을 가져오세요. "
    "Email로 답장해 주세요😀🎉👏 HSK시험은 금요일입니다. PDF파일과 "
    "Word파일을 App에서 열고 QR코드를 찍고 TV방송과 CD음악을 들으세요.",
    "Hangul: 가 나 다 라 마 바 사; Hiragana: あ い う え お; Greek: α β γ δ ε; Cyrillic: а б в г д; Hebrew: א ב ג ד ה",
)


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_words_of_signs_are_unreadable(alphabet: str) -> None:
    text = "".join(alphabet[ord(letter) - 97] if letter.isalpha() else letter for letter in SENTENCE)
    text = f"{text} Bye, Ana"
    shown, is_cipher = without_ciphers_of_signs(text)
    assert is_cipher
    assert len(shown) == len(text)
    assert shown.split()[-2:] == ["Bye,", "Ana"]
    assert len("".join(shown.split())) < 0.2 * len(text)


@pytest.mark.parametrize(
    "text", [*ORDINARY, *(writing(None, SENTENCE) for writing in LETTERS[:18] if writing.__name__ != "han")]
)
def test_languages_and_decorations_and_read_alphabets_are_left_alone(text: str) -> None:
    assert without_ciphers_of_signs(text) == (text, False)


@pytest.mark.parametrize(
    "text",
    [
        "".join(chr(0x1F3F7 + byte) for byte in SENTENCE.encode()),
        " ".join(chr(0x1F550 + ord(letter) % 24) if letter.isalpha() else "/" for letter in SENTENCE.lower()),
        "".join(chr(0x2800 + byte) for byte in SENTENCE.encode()),
    ],
    ids=["bytes as emoji", "hours of clocks", "bytes as dots"],
)
def test_letters_in_emoji_are_unreadable_with_and_without_blanks(text: str) -> None:
    shown, is_cipher = without_ciphers_of_signs(text)
    assert is_cipher
    assert len(shown) == len(text)
    assert not shown.split()
