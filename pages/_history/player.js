// Plays a film (see film.py) with pace.js: every piece of an answer appears at the time it came.
// `options.source(messageId, mark)` gives the address of a mark's source; without it marks stay links within the page.

const SPEEDS = [0.5, 1, 2, 4, 8, 16, 32];
const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M6 6h2v12H6zM18 6v12l-8.5-6z",
  next: "M16 6h2v12h-2zM6 6v12l8.5-6z",
};
const LONGEST_FRAME = 250; // ms; a tab that was hidden goes on from where it was.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// An icon of 24 by 24 as SVG.
function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(shape);
  return svg;
}

function button(name, path, deed) {
  const made = element("button", { type: "button", title: name, "aria-label": name }, icon(path));
  made.addEventListener("click", deed);
  return made;
}

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return (h ? `${h}:${String(m).padStart(2, "0")}` : `${m}`) + `:${String(s).padStart(2, "0")}`;
}

// A text of an answer, with when how much of it is to be seen.
function track({ html, steps }, from) {
  const root = element("div", { class: "text", dir: "auto" });
  root.innerHTML = html; // Made by the server, which escapes all that a message says.
  return new Track(root, steps, from);
}

function when(iso) {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

class Question {
  constructor(scene) {
    this.scene = scene;
    const said = element("div", { class: "said", dir: "auto" }, scene.text);
    this.root = element("article", { class: "user" }, element("p", { class: "who" }, `You · ${when(scene.when)}`), said);
  }

  show(ms) {
    this.root.hidden = ms < this.scene.from;
  }
}

class Answer {
  constructor(scene) {
    this.scene = scene;
    this.answer = track(scene.answer, scene.from);
    this.reasoning = track(scene.reasoning, scene.from);
    this.note = element("p", { class: "note" });
    this.ending = element("p", { class: "ending" }, scene.ending);
    this.details = element("details", {}, element("summary", {}, "Reasoning"), this.reasoning.root);
    const who = [scene.model, when(scene.when)].filter(Boolean).join(" · ");
    const parts = [this.details, this.answer.root, this.note, this.ending];
    this.root = element("article", { class: "assistant" }, element("p", { class: "who" }, who), ...parts);
    this.reasons = undefined;
  }

  show(ms) {
    const { from, until, ending } = this.scene;
    this.root.hidden = ms < from;
    const thought = this.reasoning.show(ms);
    const said = this.answer.show(ms);
    const reasons = thought && !said && ms < until;
    if (reasons !== this.reasons) this.details.open = reasons; // Open while it is written; then as the reader likes.
    this.reasons = reasons;
    this.details.hidden = !thought;
    this.note.textContent = ms >= until || said ? "" : thought ? "Reasoning…" : "Waiting for the first word…";
    this.note.hidden = !this.note.textContent;
    this.ending.hidden = !ending || ms < until;
  }
}

class Player {
  constructor(film, options) {
    this.film = film;
    this.at = 0;
    this.speed = 1;
    this.playing = false;
    this.follows = true;
    this.scenes = film.scenes.map((scene) => (scene.role === "user" ? new Question(scene) : new Answer(scene)));
    this.stage = element("div", { class: "stage", tabindex: "0", role: "group", "aria-label": "The conversation" });
    this.stage.append(...this.scenes.map((scene) => scene.root));
    this.root = element("section", { class: "player" }, this.stage, this.controls());
    for (const link of this.stage.querySelectorAll("a[href]")) this.lead(link, options);
    this.stage.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.stage;
      this.follows = scrollHeight - scrollTop - clientHeight < 48;
    });
  }

  lead(link, options) {
    const mark = /^#c-(.+)-(\d+)$/.exec(link.getAttribute("href"));
    if (mark && options.source) link.setAttribute("href", options.source(mark[1], mark[2]));
    else if (mark) return;
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
  }

  controls() {
    const back = button("The message before", ICONS.back, () => this.step(-1));
    const next = button("The next message", ICONS.next, () => this.step(1));
    this.button = button("", ICONS.play, () => (this.playing ? this.pause() : this.play()));
    this.button.className = "play";
    const range = { type: "range", min: "0", max: String(this.film.length), step: "1", "aria-label": "Position" };
    this.scrubber = element("input", range);
    this.scrubber.addEventListener("input", () => this.seek(Number(this.scrubber.value)));
    this.scrubber.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -5000, ArrowRight: 5000, ArrowDown: -5000, ArrowUp: 5000 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.seek(this.at + step);
    });
    this.time = element("output", { class: "time" });
    const speeds = SPEEDS.map((speed) => element("option", { value: String(speed) }, `${speed}×`));
    const speed = element("select", { "aria-label": "Speed", title: "Speed" }, ...speeds);
    speed.value = "1";
    speed.addEventListener("change", () => (this.speed = Number(speed.value)));
    return element("div", { class: "controls" }, back, this.button, next, this.scrubber, this.time, speed);
  }

  // To the beginning of the next message, or of this one, or of the one before when this one has only begun.
  step(direction) {
    const starts = this.film.scenes.map((scene) => scene.from);
    const ahead = starts.find((start) => start > this.at) ?? this.film.length;
    const behind = starts.filter((start) => start < this.at - 1000).at(-1) ?? 0;
    this.seek(direction > 0 ? ahead : behind);
  }

  seek(ms) {
    this.at = Math.min(this.film.length, Math.max(0, ms));
    this.follows = true;
    this.render();
  }

  play() {
    if (this.at >= this.film.length) this.seek(0);
    this.playing = true;
    this.last = undefined;
    this.render();
    this.request = requestAnimationFrame((now) => this.frame(now));
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.request);
    this.render();
  }

  frame(now) {
    if (!this.playing || !this.root.isConnected) return;
    const passed = Math.min(LONGEST_FRAME, now - (this.last ?? now));
    this.last = now;
    this.at = Math.min(this.film.length, this.at + passed * this.speed);
    if (this.at >= this.film.length) return this.pause();
    this.render();
    this.request = requestAnimationFrame((next) => this.frame(next));
  }

  render() {
    for (const scene of this.scenes) scene.show(this.at);
    const name = this.playing ? "Pause" : "Play";
    if (this.button.title !== name) {
      this.button.replaceChildren(icon(this.playing ? ICONS.pause : ICONS.play));
      this.button.title = name;
      this.button.setAttribute("aria-label", name);
    }
    const time = `${clock(this.at)} / ${clock(this.film.length)}`;
    this.scrubber.value = String(Math.round(this.at));
    if (this.time.textContent !== time) {
      this.time.textContent = time;
      this.scrubber.setAttribute("aria-valuetext", time);
    }
    if (this.follows) this.stage.scrollTop = this.stage.scrollHeight;
  }
}

// Builds the player inside `root`, at `options.from` ms, and plays if `options.play`; what it gives can be paused.
function replay(root, film, options = {}) {
  const player = new Player(film, options);
  root.append(player.root);
  player.seek(options.from ?? 0);
  if (options.play) player.play();
  return player;
}
