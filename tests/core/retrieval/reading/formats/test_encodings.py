"""Text from before Unicode is read as it was written."""

from __future__ import annotations

import pytest

from core.retrieval.reading.formats.encodings import guess
from core.retrieval.reading.read import read


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Käse kostet 3 €. Straße, Übung, ähnlich."),
        ("cp1252", "Élève à l’école “française”, où ça ? Œuvre – naïve."),
        ("cp1252", "São Paulo não é a capital. Coração, ação"),
        ("cp1252", "Göteborg;Malmö;Åre"),
        ("cp1252", "Käse, crème, señor, Björn, Ærø, Straße, naïve café, Müller"),
        ("cp1252", "int main() { // Größe\n return 0; }\n"),
        ("cp1252", "Fee: £20. 5 µm ± 1 at 20 °C, 3 m² × 2 “quoted” – with dashes…"),
        ("cp1250", "Název;Cena;Množství\r\nŽlutý kůň;12,5;3\r\nŘeřicha;7;10\r\n"),
        ("cp1250", "Imię;Miasto\nŁukasz;Łódź\nZażółć;Gdańsk\n"),
        ("cp1250", "Árvíztűrő tükörfúrógép"),
        ("cp1254", "Adı;Şehir\nİbrahim;İstanbul\nGülşah;Ağrı\n"),
        ("cp1257", "Vilnius yra Lietuvos sostinė. Žmonės, ąžuolas, įmonė, ūkis"),
        ("cp1251", "Имя;Город\nИван;Москва\n"),
        ("cp1251", "ОТЧЁТ О РАБОТЕ ПОРТА ЗА 2025 ГОД. ВСЕГО СУДОВ"),
        ("koi8-r", "Москва - столица, город. Привет всем!"),
        ("cp866", "Отчет о работе порта за год"),
        ("cp1253", "Όνομα;Πόλη\nΓιώργος;Αθήνα\n"),
        ("cp1255", "ירושלים היא בירת ישראל"),
        ("cp1256", "القاهرة هي عاصمة مصر. سعر التذكرة"),
        ("cp874", "กรุงเทพเป็นเมืองหลวงของประเทศไทย"),
        ("gb18030", "北京是中国的首都。上海是最大的城市。"),
        ("gb18030", "姓名,城市\n王伟,北京\n李娜,上海\n"),
        ("big5", "臺北是臺灣的首都。這個檔案使用舊的編碼。"),
        ("cp932", "東京は日本の首都です。"),
        ("cp932", "名前,都市\n田中,東京\n"),
        ("euc_jp", "東京は日本の首都です。"),
        ("cp949", "서울은 대한민국의 수도이다."),
    ],
)
def test_old_encodings(encoding: str, text: str) -> None:
    """An old encoding is told by the letters of the languages that are written in it."""
    data = text.encode(encoding)
    assert data.decode(guess(data)) == text


def test_long_texts() -> None:
    """Where the part of a long text that is looked at ends within a character, its encoding is told nevertheless."""
    for extra in ("", "a"):
        assert guess((extra + "北京是中国的首都" * 5_000).encode("gb18030")) == "gb18030"


def test_broken_utf8() -> None:
    """A few bytes that are broken do not make all of a UTF-8 text unreadable."""
    text = "Größe, Straße, Übung, Käse, Äpfel, für, über. " * 3
    assert read("torn.log", text.encode() + b"\xc3").content.startswith(text)


def test_no_codec_of_text() -> None:
    """A page that declares something that is no encoding of text is read nevertheless."""
    assert read("page.html", "<meta charset=undefined><p>Grüße</p>".encode()).content == "Grüße"
