"""Letters that are borrowed for their shapes are read by them, and texts in their own languages are left alone."""

from __future__ import annotations

import pytest

from classifiers.normalize.borrowed_letters import letters_by_shape
from classifiers.normalize.language import known_words
from classifiers.normalize.normalization import Normalizer
from classifiers.pipeline.rules import build_normalizer

ALPHABETS = {
    "kanji": "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙",
    "Thai and Hebrew": "ค๒ς๔єŦﻮђเןкɭ๓ภ๏קợгรՇยשฬאץչ",
    "Cherokee": "ᏗᏰፈᎴᏋᎦᎶᏂᎥᏠᏦᏝᎷᏁᎧᎮᎤᏒᏕᏖᏬᏉᏇጀᎩፚ",
    "Syllabics": "ᗩᗷᑕᗪEᖴGᕼIᒍKᒪᗰᑎOᑭᑫᖇᔕTᑌᐯᗯ᙭Yᘔ",
    "Armenian": "ąҍçժҽƒցհìʝҟӀʍղօքզɾʂէմѵա×վՀ",
    "phonetic": "ǟɮƈɖɛʄɢɦɨʝӄʟʍռօքզʀֆȶʊʋաӼʏʐ",
    "Yi": "ꍏꌃꉓꀸꍟꎇꁅꃅꀤꀭꀘ꒒ꂵꈤꂦꉣꆰꋪꌗ꓄ꀎꃴꅏꊼꌩꁴ",
    "Greek and Cyrillic": "ΛBᄃDΣFGΉIJKᄂMПӨPQЯƧTЦVЩXYZ",
    "Ethiopic": "ልጌርዕቿቻኗዘጎጋጕረጠክዐየዒዪነፕሁሀሠሸሃጊ",
    "Katakana": "ﾑ乃cd乇ｷgんﾉﾌズﾚﾶ刀oｱq尺丂ｲu√wﾒﾘ乙",
}
SENTENCES = (
    "come to my house alone after school and tell nobody about it",
    "please help me because my uncle hurts me every night at home",
)


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return build_normalizer(known_words())


@pytest.mark.parametrize("name", ALPHABETS)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_text_in_borrowed_letters_is_read(normalizer: Normalizer, name: str, sentence: str) -> None:
    table = dict(zip("abcdefghijklmnopqrstuvwxyz", ALPHABETS[name], strict=True))
    written = "".join(table.get(letter, letter) for letter in sentence)
    assert normalizer(written).text.lower().split() == sentence.split()


@pytest.mark.parametrize(
    "text",
    [
        "Собрание родителей будет во вторник в четыре часа в спортивном зале нашей школы.",
        "Η συνάντηση των γονέων είναι την Τρίτη στις τέσσερις στο γυμναστήριο του σχολείου.",
        "การประชุมผู้ปกครองจะจัดขึ้นในวันอังคารเวลาสี่โมงที่โรงยิมของโรงเรียน",
        "אסיפת ההורים תתקיים ביום שלישי בשעה ארבע באולם הספורט של בית הספר",
        "የወላጆች ስብሰባ ማክሰኞ በአራት ሰዓት በትምህርት ቤቱ አዳራሽ ይካሄዳል",
        "მშობელთა კრება ჩატარდება სამშაბათს ოთხ საათზე სკოლის დარბაზში",
        "家长会将于星期二四点在学校体育馆举行，请带上书山千尺的作业。",
        "ᏗᏂᏲᎵ ᎤᎾᏕᎶᏆᏍᏗ ᏔᎵᏁᎢᎦ ᏅᎩ ᎢᏳᏩᏂᎸ",
        "Meet the parents: Собрание родителей во вторник. See you there, Ольга Иванова",
    ],
)
def test_letters_of_languages_stay(text: str) -> None:
    assert letters_by_shape(text, known_words()) == {}
