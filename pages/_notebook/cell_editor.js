// An editor for code: a text area over the same text in colours, so that typing, selecting, undoing and spelling aloud
// are the browser's own. What is typed is sent after a pause, and when the editor is left or Ctrl+Enter is pressed.

const PAUSE = 700;
const MOST = 8;
const TOKENS = {
  sql: /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>'(?:[^']|'')*'?)|(?<name>"(?:[^"]|"")*"?)|(?<param>\$\w+)|(?<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)|(?<word>[A-Za-z_]\w*)/gi,
  json: /(?<name>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\\n]|\\.)*"?)|(?<number>-?\b\d[\d.]*(?:e[+-]?\d+)?\b)|(?<word>\b(?:true|false|null)\b)/gi,
};
const KEYWORDS = new Set(
  ("all and anti any as asc asof between by case cast cross desc describe distinct else end except exclude exists false " +
    "filter from full group having ilike in inner intersect interval into is join lateral left like limit natural not " +
    "null nulls offset on or order outer over partition pivot qualify recursive replace right select semi similar " +
    "summarize then true union unnest unpivot using values when where window with").split(" "),
);

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".editor");
  const editor = (root.editor ??= new Editor(root));
  editor.take(component, data);
  return () => editor.leave();
}

class Editor {
  constructor(root) {
    this.area = root.querySelector("textarea");
    this.shown = root.querySelector("pre");
    this.list = root.querySelector("ul");
    this.offered = [];
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("keydown", (event) => this.pressed(event));
    this.area.addEventListener("blur", () => this.left());
    this.area.addEventListener("click", () => this.offer([]));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // The text area keeps the focus.
      const item = event.target.closest("li");
      if (item) this.accept(this.offered[[...this.list.children].indexOf(item)]);
    });
  }

  take(component, data) {
    this.component = component;
    this.data = data;
    this.area.placeholder = data.placeholder;
    this.area.ariaLabel = data.label;
    if (data.text !== this.stored) {
      // What another tab stored is shown, unless something was typed here that is not stored yet.
      if (this.stored === undefined || this.area.value === this.stored) this.area.value = data.text;
      this.stored = data.text;
    }
    this.paint();
  }

  leave() {
    clearTimeout(this.timer);
    if (this.area.value !== this.stored && this.area.value !== this.sent) this.send("typed");
  }

  typed() {
    this.edited = true; // Since it was run.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send("typed"), PAUSE);
    this.paint();
    this.complete();
  }

  left() {
    this.offer([]);
    if (this.edited) this.send("finished");
  }

  send(what) {
    clearTimeout(this.timer);
    this.sent = this.area.value;
    if (what === "finished") this.edited = false;
    this.component.setTriggerValue(what, { text: this.sent, at: Date.now() });
  }

  pressed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      this.offer([]);
      this.send("finished");
    } else if (this.offered.length && this.choose(event)) {
      return;
    } else if (event.key === "Escape") {
      this.mayLeave = true; // Then Tab goes to the next field, for who has no mouse.
      return;
    } else if (event.key === "Tab" && !this.mayLeave) {
      event.preventDefault();
      this.indent(event.shiftKey);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const line = this.area.value.slice(0, this.area.selectionStart).split("\n").pop();
      this.offer([]);
      this.insert("\n" + line.match(/^\s*/)[0]);
    }
    this.mayLeave = false;
  }

  choose(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.at = (Math.max(this.at, step < 0 ? 0 : -1) + step + this.offered.length) % this.offered.length;
      this.mark();
    } else if (event.key === "Tab" || (event.key === "Enter" && this.at >= 0)) {
      this.accept(this.offered[Math.max(this.at, 0)]);
    } else if (event.key === "Escape") {
      this.offer([]);
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  indent(back) {
    const { value, selectionStart: start, selectionEnd: end } = this.area;
    if (start === end && !back) return this.insert("  ");
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const lines = value.slice(from, end);
    const moved = back ? lines.replace(/^ {1,2}/gm, "") : lines.replace(/^/gm, "  ");
    this.area.setSelectionRange(from, end);
    this.insert(moved);
    this.area.setSelectionRange(start === end ? this.area.selectionEnd : from, this.area.selectionEnd);
  }

  insert(text) {
    // The one way that the browser's undo knows of.
    if (!document.execCommand("insertText", false, text)) {
      this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
      this.typed();
    }
  }

  complete() {
    const before = this.area.value.slice(0, this.area.selectionStart);
    const word = before.match(/\$?[A-Za-z_]\w*$|\$$/)?.[0] ?? "";
    const quiet = !word || /--[^\n]*$/.test(before) || (before.match(/'/g) ?? []).length % 2 === 1;
    const lower = word.toLowerCase();
    const fits = (known) => known[0].toLowerCase().startsWith(lower) && known[0].toLowerCase() !== lower;
    this.word = word;
    this.offer(quiet ? [] : (this.data.words ?? []).filter(fits).slice(0, MOST));
  }

  offer(words) {
    this.offered = words;
    this.at = -1; // Enter takes what was gone to with the arrows, Tab the first.
    this.list.hidden = !words.length;
    this.list.replaceChildren(
      ...words.map(([word, about]) => {
        const item = document.createElement("li");
        const [name, note] = [document.createElement("b"), document.createElement("span")];
        name.textContent = word;
        note.textContent = about;
        item.append(name, note);
        return item;
      }),
    );
    if (words.length) {
      const place = this.caret();
      this.list.style.top = `${place.top}px`;
      this.list.style.left = `${Math.max(0, Math.min(place.left, this.area.clientWidth - 280))}px`;
      this.mark();
    }
  }

  mark() {
    [...this.list.children].forEach((item, number) => item.classList.toggle("chosen", number === this.at));
  }

  accept([word]) {
    this.offer([]);
    const end = this.area.selectionStart;
    this.area.setSelectionRange(end - this.word.length, end);
    this.insert(word);
    this.offer([]);
  }

  caret() {
    const here = document.createElement("span");
    const measured = this.shown.cloneNode();
    measured.style.visibility = "hidden";
    measured.append(this.area.value.slice(0, this.area.selectionStart - this.word.length), here);
    this.shown.after(measured);
    const place = { top: here.offsetTop + 24, left: here.offsetLeft };
    measured.remove();
    return place;
  }

  paint() {
    const { value } = this.area;
    const parts = [];
    let at = 0;
    for (const token of value.matchAll(TOKENS[this.data.language])) {
      const kind = this.kind(token);
      if (!kind) continue;
      const part = document.createElement("span");
      part.className = kind;
      part.textContent = token[0];
      parts.push(value.slice(at, token.index), part);
      at = token.index + token[0].length;
    }
    this.shown.replaceChildren(...parts, value.slice(at) + "\n");
  }

  kind(token) {
    const kind = Object.keys(token.groups).find((name) => token.groups[name] !== undefined);
    if (kind !== "word" || this.data.language === "json") return kind === "word" ? "keyword" : kind;
    if (KEYWORDS.has(token[0].toLowerCase())) return "keyword";
    return token.input[token.index + token[0].length] === "(" ? "function" : "";
  }
}
