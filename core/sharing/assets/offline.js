"use strict";
// Everything is in the page already; a replay hides it and shows it again in the order and at the pace of its writing.
(() => {
  const QUESTION = 1200, PAUSE = 800, STEP = 250;
  const find = (id) => document.getElementById(id);
  const [bar, play, place, clock, speed] = ["bar", "play", "place", "clock", "speed"].map(find);

  // A text that grows: its nodes with the place where each begins, and the steps [time, length] in which it came.
  function growing(box, packed) {
    const nodes = [], times = [], ends = [];
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    let start = 0, time = 0, end = 0;
    while (walker.nextNode()) {
      const node = walker.currentNode, text = node.nodeType === Node.TEXT_NODE ? node.data : null;
      nodes.push({ node, start, text });
      start += text === null ? 0 : text.length;
    }
    for (let i = 0; i < packed.length; i += 2) {
      times.push((time += packed[i]));
      ends.push((end += packed[i + 1]));
    }
    return { box, nodes, times, ends, shown: Infinity, length: time };
  }

  // The first place in a sorted list whose value is greater.
  function above(list, value, of = (each) => each) {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (of(list[middle]) > value) high = middle; else low = middle + 1;
    }
    return low;
  }

  function reveal(part, time) {
    const step = above(part.times, time);
    const shown = step === part.times.length ? Infinity : step ? part.ends[step - 1] : 0;
    if (shown === part.shown) return;
    const [from, to] = [Math.min(shown, part.shown), Math.max(shown, part.shown)];
    let i = Math.max(0, above(part.nodes, from, (each) => each.start) - 1);
    while (i > 0 && part.nodes[i - 1].start === part.nodes[i].start) i--;
    for (; i < part.nodes.length && part.nodes[i].start <= to; i++) {
      const { node, start, text } = part.nodes[i];
      if (text === null) node.hidden = start >= shown;
      else node.data = text.slice(0, Math.max(0, shown - start));
    }
    part.shown = shown;
  }

  function step(element) {
    const box = (name) => element.querySelector(":scope " + name);
    const parts = [], thoughts = box("details.thoughts");
    if (element.dataset.reasoning) parts.push(growing(box(".thought"), JSON.parse(element.dataset.reasoning)));
    if (element.dataset.answer) parts.push(growing(box(".said"), JSON.parse(element.dataset.answer)));
    const answered = element.dataset.answer ? parts[parts.length - 1].times[0] : undefined;
    const length = Math.max(0, ...parts.map((part) => part.length));
    const last = [...element.querySelectorAll(":scope > .after")];
    const lasts = element.matches(".answer") ? length + PAUSE : element.matches(".user") ? QUESTION : 0;
    return { element, parts, thoughts, answered, length, last, lasts, start: 0 };
  }

  const steps = [...document.querySelectorAll("article, h2.branch")].map(step);
  let total = 0;
  for (const each of steps) {
    each.start = total;
    total += each.lasts;
  }
  if (!steps.some((each) => each.parts.length)) return;

  let at = total, before = 0, running = false;
  const minutes = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

  function show() {
    const atEnd = at >= total;
    for (const each of steps) {
      const time = atEnd ? Infinity : at - each.start;
      each.element.hidden = time < 0;
      if (time < 0 && each.past === -1) continue;
      if (time >= each.length && each.past === 1) continue;
      each.past = time < 0 ? -1 : time >= each.length ? 1 : 0;
      let writing = true;
      for (const part of each.parts) {
        reveal(part, time);
        part.box.classList.toggle("writing", writing && part.shown !== Infinity);
        writing &&= part.shown === Infinity;
      }
      for (const node of each.last) node.hidden = time < each.length;
      if (each.thoughts && each.past === 0) each.thoughts.open = each.answered === undefined || time < each.answered;
      if (each.thoughts && each.past === 1) each.thoughts.open = false;
    }
    place.value = String(Math.round(at));
    clock.textContent = `${minutes(at)} / ${minutes(total)}`;
  }

  function frame(now) {
    if (!running) return;
    const following = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
    at = Math.min(total, at + Math.min(STEP, Math.max(0, now - before)) * Number(speed.value));
    before = now;
    show();
    if (following) scrollTo(0, document.documentElement.scrollHeight);
    if (at >= total) return set(false);
    requestAnimationFrame(frame);
  }

  function set(on) {
    running = on;
    play.textContent = on ? "Pause" : "Play";
    document.documentElement.dataset.replay = on ? "running" : at >= total ? "whole" : "paused";
    if (!on) return;
    if (at >= total) {
      at = 0;
      show();
      scrollTo(0, 0);
    }
    before = performance.now();
    requestAnimationFrame(frame);
  }

  for (const each of steps.filter((each) => each.parts.length)) {
    const again = document.createElement("button");
    again.className = "again";
    again.textContent = "Replay from here";
    again.addEventListener("click", () => {
      at = each.start;
      show();
      set(true);
    });
    each.element.querySelector(".who").prepend(again);
  }
  place.max = String(total);
  place.addEventListener("input", () => {
    at = Number(place.value);
    show();
    if (!running) set(false);
  });
  play.addEventListener("click", () => set(!running));
  addEventListener("beforeprint", () => {
    at = total;
    show();
    set(false);
  });
  bar.hidden = false;
  show();
  set(false);
})();
