"""Encodings from before Unicode, told by their letters: which reading of the bytes looks like a language.

Western Europe comes first and wins where nothing speaks against it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import pairwise

USUAL = "cp1252"
"""What bytes are taken for that no language claims."""
_SAMPLE = 20_000  # Bytes.
_SOUND = 10  # Characters outside ASCII for one that is broken, as where a file was cut or a log was torn.
_LEAST = 0.6
_FREQUENT = 0.6  # The share that the frequent letters of an alphabet have in any text, at the least.
_LATIN = {
    USUAL: "äöüß éèêëàâçîïôûùüœæÿ áéíóúüñ¿¡ºª ãõáâàéêíóôúç àèéìíòóù åäöéæø áðéíóúýþæö àçèéíïòóúü·",
    "cp1250": "áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž ąćęłńóśźż áéíóöőúüű ăâîşţ čćđšž",
    "cp1254": "çğıİöşüâîû",
    "cp1257": "ąčęėįšųūž āčēģīķļņšūž äöõüšž",
}
"""By encoding, the letters that each language adds to the Latin ones: it has all those that a text in it has."""
_OTHER = {
    "cp1251": "оеаинтсрвлкіъ",
    "koi8-r": "оеаинтсрвлк",
    "cp866": "оеаинтсрвлк",
    "cp1253": "αοιετσνηυρπάόίέής",
    "cp1255": "יוהלארתמבשנ",
    "cp1256": "اليمونرتبةهد",
    "cp874": "านรอกเงมยลวดทสตั่้ีิ",
}
"""By encoding, the frequent letters of an alphabet."""
_HAN = {
    "cp949": range(0xB0, 0xC9),
    "euc_jp": range(0xB0, 0xD0),
    "gb18030": range(0xB0, 0xD8),
    "big5": range(0xA4, 0xC7),
    "cp932": range(0x88, 0x98),
}
"""By encoding, the first bytes of the common characters."""
_JAPANESE = ("euc_jp", "cp932")
_STROKES = re.compile("[\x00-\x7f\xa0©®°±§·«»€‚„…†‡‰‹›‘’“”•–—™\u3000-\u303f\uff01-\uff60]")  # Told the same by most.
_WORDS = re.compile(r"[^\W\d_]+")


def guess(data: bytes) -> str:
    """The encoding that `data` is most likely in: UTF-8 only if little of it is broken."""
    unicode = data.decode("utf-8", "replace")
    broken = unicode.count("\ufffd")
    if _SOUND * broken <= len(unicode) - len(unicode.encode("ascii", "ignore")) - broken:
        return "utf-8"
    lines = (line for line in data.splitlines() if not line.isascii())
    sample = b"\n".join(lines)[:_SAMPLE]
    likely = [(score(text), encoding) for encoding, score in _candidates() if (text := _read(sample, encoding))]
    best, encoding = max(likely, key=lambda one: one[0], default=(0.0, USUAL))
    return encoding if best >= _LEAST else USUAL


def _candidates() -> Iterator[tuple[str, Callable[[str], float]]]:
    """The encodings, each with what tells from 0 to 1 how much a text looks as if it were in it."""
    for encoding, languages in _LATIN.items():
        yield from ((encoding, partial(_accented, letters=letters)) for letters in languages.split())
    yield from ((encoding, partial(_alphabetic, frequent=frequent)) for encoding, frequent in _OTHER.items())
    yield from ((encoding, partial(_unspaced, encoding=encoding)) for encoding in _HAN)


def _read(sample: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)  # What is cut off at its end may be cut there.
    except UnicodeDecodeError:
        return None


def _accented(text: str, letters: str) -> float:
    """How much of what is not in ASCII is among the letters of a language."""
    text = _STROKES.sub("", text)
    return _share(text, letters) if text else 1.0


def _share(text: str, letters: str) -> float:
    """How much of a text is one of these, in upper or lower case."""
    found = set(letters + letters.upper())
    return sum(character in found for character in text) / len(text)


def _alphabetic(text: str, frequent: str) -> float:
    """How much of a text stands in words of one script, in which the frequent letters are frequent."""
    words: list[str] = [word for word in _WORDS.findall(text) if not re.search("[A-Za-z]", word)]
    letters = "".join(character for word in words for character in word if character > "\u0370")
    everything = _STROKES.sub("", text)
    if not everything or not letters:
        return 0.0
    wrong = sum(a.islower() and b.isupper() for word in words for a, b in pairwise(word))
    return (len(letters) - wrong) / len(everything) * min(1.0, _share(letters, frequent) / _FREQUENT)


def _unspaced(text: str, encoding: str) -> float:
    """How much of a text is among the common characters."""
    text = _STROKES.sub("", text)
    common = _common(encoding)
    return sum(character in common for character in text) / len(text) if text else 0.0


@cache
def _common(encoding: str) -> frozenset[str]:
    pairs = (bytes((first, second)) for first in _HAN[encoding] for second in range(0x40, 0xFF))
    found = {character for pair in pairs for character in pair.decode(encoding, "ignore")}
    if encoding in _JAPANESE:
        found |= set(map(chr, range(0x3041, 0x3100)))  # Kana.
    return frozenset(character for character in found if character > "\u1100")
