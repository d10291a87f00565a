"""The kinds of files that are taken: by which names they go, and which module reads them."""

from __future__ import annotations

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_DOCUMENTS = {
    "text/markdown": ".md .markdown .mdx .rmd .qmd",
    "text/plain": ".txt .text .log .adoc .org .srt .vtt",
    "text/x-rst": ".rst",
    "text/x-tex": ".tex",
    "text/html": ".html .htm .xhtml",
    "multipart/related": ".mhtml .mht",
    "message/rfc822": ".eml",
    "application/pdf": ".pdf",
    _WORD: ".docx",
    _SLIDES: ".pptx",
    _SHEETS: ".xlsx .xlsm",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv .tab",
    "application/epub+zip": ".epub",
    "application/json": ".json .geojson",
    "application/jsonl": ".jsonl .ndjson",
    "application/x-ipynb+json": ".ipynb",
}
_SETTINGS = {
    "application/toml": ".toml",
    "application/yaml": ".yaml .yml",
    "text/x-ini": ".ini .cfg .conf .properties",
}
_CODE = {
    "text/x-python": ".py .pyi .pyw",
    "text/javascript": ".js .jsx .mjs .cjs",
    "text/x-typescript": ".ts .tsx .mts",
    "text/x-java": ".java",
    "text/x-kotlin": ".kt .kts",
    "text/x-scala": ".scala",
    "text/x-groovy": ".groovy .gradle",
    "text/x-go": ".go",
    "text/x-rust": ".rs",
    "text/x-c": ".c .h",
    "text/x-c++": ".cpp .cc .cxx .hpp .hh .hxx",
    "text/x-csharp": ".cs",
    "text/x-objective-c": ".m .mm",
    "text/x-swift": ".swift",
    "text/x-dart": ".dart",
    "text/x-ruby": ".rb",
    "text/x-php": ".php",
    "text/x-perl": ".pl .pm",
    "text/x-lua": ".lua",
    "text/x-r": ".r",
    "text/x-julia": ".jl",
    "text/x-haskell": ".hs",
    "text/x-elixir": ".ex .exs",
    "text/x-erlang": ".erl",
    "text/x-clojure": ".clj",
    "text/x-sh": ".sh .bash .zsh .fish",
    "text/x-powershell": ".ps1",
    "text/x-sql": ".sql",
    "text/css": ".css .scss .less",
    "text/x-protobuf": ".proto",
    "text/x-graphql": ".graphql .gql",
    "text/x-terraform": ".tf",
    "text/x-makefile": ".mk",
    "text/x-dockerfile": ".dockerfile",
}
MEDIA_TYPES = {
    suffix: kind
    for table in (_DOCUMENTS, _SETTINGS, _CODE)
    for kind, suffixes in table.items()
    for suffix in suffixes.split()
}
"""The media type of every ending that is taken."""

NAMES = {
    **dict.fromkeys(("readme", "license", "licence", "changelog", "authors", "notice", "todo"), "text/plain"),
    **dict.fromkeys(("makefile", "gnumakefile"), "text/x-makefile"),
    **dict.fromkeys(("dockerfile", "containerfile"), "text/x-dockerfile"),
}
"""The media type of files that go by a name without an ending, in lower case."""

INSTEAD = {
    **dict.fromkeys((".doc", ".odt", ".rtf", ".pages", ".wps", ".docm"), ".docx"),
    **dict.fromkeys((".xls", ".ods", ".numbers", ".xlsb"), ".xlsx"),
    **dict.fromkeys((".ppt", ".odp", ".key", ".pptm", ".ppsx"), ".pptx"),
    **dict.fromkeys((".mobi", ".azw", ".azw3", ".fb2"), ".epub"),
    **dict.fromkeys((".msg", ".mbox", ".pst"), ".eml"),
    **dict.fromkeys((".ps", ".djvu", ".xps"), ".pdf"),
    ".webarchive": ".mhtml or .html",
}
"""What to save a file as whose own kind is not taken."""

READERS = {
    "text/markdown": ("markdown", "read_markdown"),
    "text/plain": ("plain", "read_plain"),
    "text/x-rst": ("structured", "read_rst"),
    "text/x-tex": ("structured", "read_tex"),
    "text/html": ("html", "read_html"),
    "multipart/related": ("mhtml", "read_mhtml"),
    "message/rfc822": ("eml", "read_eml"),
    "application/pdf": ("pdf", "read_pdf"),
    _WORD: ("docx", "read_docx"),
    _SLIDES: ("pptx", "read_pptx"),
    _SHEETS: ("xlsx", "read_xlsx"),
    "text/csv": ("csv", "read_csv"),
    "text/tab-separated-values": ("csv", "read_csv"),
    "application/epub+zip": ("epub", "read_epub"),
    "application/json": ("json", "read_json"),
    "application/jsonl": ("json", "read_jsonl"),
    "application/x-ipynb+json": ("ipynb", "read_ipynb"),
    **dict.fromkeys(_SETTINGS, ("source", "read_settings")),
    **dict.fromkeys(_CODE, ("source", "read_source")),
}
"""The module in `core.retrieval.reading.formats` and the function in it that read a media type."""

SIGNATURES = (
    (b"%PDF-", "a PDF", (".pdf",)),
    (
        b"PK\x03\x04",
        "a packed file such as a Word document or a ZIP archive",
        (".docx", ".pptx", ".xlsx", ".xlsm", ".epub"),
    ),
    (b"\xd0\xcf\x11\xe0", "a Word, Excel or PowerPoint file of an old kind", (".docx", ".pptx", ".xlsx", ".xlsm")),
    (b"\x89PNG", "a picture", ()),
    (b"\xff\xd8\xff", "a picture", ()),
    (b"{\\rtf", "in the Rich Text Format", ()),
)
"""First bytes that tell a kind, what it is, and the endings under which it is expected."""
