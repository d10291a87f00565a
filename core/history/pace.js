// Shows a text at the pace that `pace.py` gives it.

// The first place in a list, which ascends, whose value is greater.
function above(list, value, of = (each) => each) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(list[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// One text, of which the first part can be shown: later text is empty, later elements are hidden.
// `steps` are times in ms from `from` on and lengths in turn, each the difference to the one before.
class Track {
  constructor(root, steps, from = 0) {
    [this.root, this.times, this.ends, this.parts] = [root, [], [], []];
    let [time, end, start] = [from, 0, 0];
    for (let i = 0; i < steps.length; i += 2) {
      this.times.push((time += steps[i]));
      this.ends.push((end += steps[i + 1]));
    }
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.nodeType === Node.TEXT_NODE ? node.data : null;
      this.parts.push({ node, start, text });
      start += text?.length ?? 0;
    }
    this.shown = Infinity;
  }

  // Whether all of it is shown.
  get whole() {
    return this.shown === Infinity;
  }

  // Shows what had come by `ms`; says whether that is anything.
  show(ms) {
    const step = above(this.times, ms);
    const shown = step === this.times.length ? Infinity : step ? this.ends[step - 1] : 0;
    if (shown !== this.shown) this.reveal(shown);
    return step > 0;
  }

  reveal(shown) {
    const [from, to] = [Math.min(shown, this.shown), Math.max(shown, this.shown)];
    let at = Math.max(0, above(this.parts, from, (part) => part.start) - 1);
    while (at > 0 && this.parts[at - 1].start === this.parts[at].start) at -= 1;
    for (; at < this.parts.length && this.parts[at].start <= to; at += 1) {
      const { node, start, text } = this.parts[at];
      if (text === null) node.hidden = start >= shown;
      else node.data = text.slice(0, Math.max(0, shown - start));
    }
    this.shown = shown;
  }
}
