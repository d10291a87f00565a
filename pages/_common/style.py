"""How what Streamlit has no look for looks, in light and in dark."""

from __future__ import annotations

# What an earlier run showed stays on a page until the run ends, and a run that follows an answer ends late: what it
# has not shown again by then is gone from sight.
STYLE = """<style>
[data-stale="true"] { animation: 0s 0.5s forwards throughline-gone; }
@keyframes throughline-gone { to { display: none; } }
/* An answer's own headings are parts of a message, not of the page. */
[data-testid="stChatMessage"] :is(h1, h2, h3, h4, h5, h6) { font-size: 1.125rem; padding: 0.5rem 0; }
[data-testid="stChatMessage"] :is(h1, h2) { font-size: 1.25rem; }
/* A wide table scrolls by itself and not with the page. */
[data-testid="stChatMessage"] table { display: block; width: fit-content; max-width: 100%; overflow-x: auto; }
/* The label of an icon's button is for those who listen. */
[class*="--icon"] button [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
[class*="--icon"] [data-testid="stPopoverButton"] > div > [aria-hidden="true"] { display: none; }
/* Marks in an answer. */
[data-testid="stChatMessage"] a[href^="source?"] { font-size: 0.85em; text-decoration: none; }
[data-testid="stChatMessage"] a[href^="source?"]:is(:hover, :focus-visible) { text-decoration: underline; }
/* The message that an address leads to. */
.st-key-sought {
  --sought: color-mix(in srgb, #eab308 14%, transparent);
  scroll-margin-top: 4.5rem; border-radius: 0.25rem; background: var(--sought); box-shadow: 0 0 0 0.5rem var(--sought);
}
.st-key-jump { position: absolute; }
.st-key-cited { scroll-margin: 4.5rem 0 1rem; }
/* The picture of a page stays beside what is read of it. */
[data-testid="stColumn"]:has(.st-key-page) > div { height: 100%; }
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-page) { position: sticky; top: 4.5rem; }
}
/* Documents' own words, see _html.py. */
[data-testid="stHtml"] { overflow-wrap: anywhere; }
[data-testid="stHtml"] a { color: inherit; text-decoration: underline; }
.words { white-space: pre-wrap; margin: 0 0 0.75rem; }
.words:last-child { margin: 0; }
.place { font-weight: 600; margin: 0 0 0.25rem; }
.heading { font-weight: 600; margin: 1rem 0 0.5rem; }
.facts { font-size: 0.875rem; opacity: 0.7; margin: 0 0 0.5rem; }
.problem { font-size: 0.875rem; margin: 0 0 0.5rem; padding-left: 0.5rem; border-left: 3px solid #dc2626; }
.quote {
  white-space: pre-wrap; margin: 0.25rem 0 0.75rem; padding: 0.5rem 0.875rem; border-radius: 0.4rem;
  border-left: 3px solid #0d9488; background: color-mix(in srgb, #0d9488 12%, transparent);
}
[data-testid="stImage"] img { border: 1px solid color-mix(in srgb, currentcolor 20%, transparent); }
mark {
  color: inherit; background: color-mix(in srgb, #eab308 45%, transparent); border-radius: 0.2em; padding: 0 0.1em;
}
</style>"""
