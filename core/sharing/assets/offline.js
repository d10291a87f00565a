// Everything is in the page already; a replay hides it and shows it again as it was written, with pace.js.
(() => {
  const QUESTION = 1200, PAUSE = 800, STEP = 250;
  const find = (id) => document.getElementById(id);
  const [bar, play, place, clock, speed] = ["bar", "play", "place", "clock", "speed"].map(find);

  function step(element) {
    const box = (name) => element.querySelector(":scope " + name);
    const parts = [], thoughts = box("details.thoughts");
    if (element.dataset.reasoning) parts.push(new Track(box(".thought"), JSON.parse(element.dataset.reasoning)));
    if (element.dataset.answer) parts.push(new Track(box(".said"), JSON.parse(element.dataset.answer)));
    const answered = element.dataset.answer ? parts[parts.length - 1].times[0] : undefined;
    const length = Math.max(0, ...parts.map((part) => part.times.at(-1)));
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
        part.show(time);
        part.root.classList.toggle("writing", writing && !part.whole);
        writing &&= part.whole;
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
