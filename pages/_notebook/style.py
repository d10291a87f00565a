"""How a notebook looks beyond what Streamlit has a look for, in light and in dark."""

from __future__ import annotations

STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-left: 2.5rem; padding-right: 2.5rem; max-width: 90rem; }
[class*="st-key-menu-"] button > div > [aria-hidden="true"] { display: none; }
[class*="st-key-name-"] input { font-family: var(--st-code-font, "Source Code Pro", monospace); font-size: 0.875rem; }
[class*="st-key-markdown-cell-"] textarea { font-size: 0.875rem; }
[class*="st-key-sql-cell-"], [class*="st-key-chart-cell-"] {
  padding-left: 0.75rem; border-left: 3px solid color-mix(in srgb, currentcolor 12%, transparent);
}
[class*="st-key-sql-cell-"]:focus-within, [class*="st-key-chart-cell-"]:focus-within { border-color: #0d9488; }
[class*="st-key-markdown-cell-"] :is(h1, h2, h3, h4) { padding: 0.25rem 0; }
[class*="st-key-markdown-cell-"] h1 { font-size: 1.5rem; }
[class*="st-key-markdown-cell-"] h2 { font-size: 1.25rem; }
[class*="st-key-markdown-cell-"] :is(h3, h4) { font-size: 1.125rem; }
/* It would take home the rows of one page alone. */
[class*="-cell-"] [data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) { display: none; }
.st-key-reference-beside { position: sticky; top: 4rem; max-height: calc(100vh - 5rem); overflow-y: auto; }
@media (max-width: 640px) {
  [data-testid="stColumn"]:has(.st-key-reference-beside) { order: -1; }
  .st-key-reference-beside { position: static; max-height: 40vh; }
}
</style>"""
