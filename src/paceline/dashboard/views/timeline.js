// What ran where and when: a lane for each worker, a bar for each attempt, and a slider through time.
import { html, signal, useEffect, useRef, useState } from "../lib/html.js";
import { Attempts, KINDS } from "../lib/attempts.js";
import { batches, log } from "../lib/events.js";
import { clock, duration, moment, number } from "../lib/format.js";
import { changes, now, workers } from "../lib/fleet.js";
import { go, to } from "../lib/route.js";
import { tone } from "../parts/badge.js";
import { Choice } from "../parts/filter.js";
import { Trouble, useRead } from "../parts/read.js";
import { colour, narrow, scheme, sharp } from "../parts/screen.js";

const LANE = 26; // pixels of a worker, at least
const MOST = 96; // where there are few of them
const AXIS = 22;
const SPANS = { "30 s": 30, "2 m": 120, "10 m": 600, "1 h": 3600, "6 h": 21600, "1 d": 86400 };
const STEPS = [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 86400];
const CUT = {
  message: "Not all of this is drawn: more has happened since then than this page reads.",
  hint: "Choose a shorter span, or a later time. `paceline events` tells everything.",
};
const COLOURS = { good: "good", bad: "bad", busy: "accent", warn: "warn", dull: "dull", calm: "dull" };

export function Timeline() {
  const [model] = useState(() => ({ attempts: new Attempts(), changes: signal(0), problem: null }));
  const [span, setSpan] = useState("2 m");
  const [end, setEnd] = useState(0); // 0: now
  const [hover, setHover] = useState(null);
  useEffect(() => open(model), [model]);
  model.changes.value;
  changes.value;
  const last = now.value;
  const oldest = useRead(log({ limit: 1 })).value?.items[0]?.at ?? Infinity;
  const { earliest, cut } = model.attempts;
  const first = Math.min(oldest, earliest, last - SPANS[span]);
  const until = end || last;
  useEffect(() => void reach(model, until - SPANS[span], oldest), [end, span, oldest, Number.isFinite(earliest)]);
  const view = { from: until - SPANS[span], to: until, now: last };
  const rows = lanes(model.attempts);
  const slide = (event) => setEnd(Number(event.target.value) >= last - 1 ? 0 : Number(event.target.value));
  return html`<section class="page full">
    <header class="tools">
      <h1>Timeline</h1>
      <${Choice} value=${span} label="Span" choices=${Object.keys(SPANS)} any="" change=${setSpan} />
      <label class="slider">Time <input type="range" aria-label="Time" min=${Math.floor(first)} max=${Math.ceil(last)} step="1" value=${until} onInput=${slide} aria-valuetext=${end ? moment(end) : "now"} /></label>
      <button aria-pressed=${!end} onClick=${() => setEnd(0)}>Live</button>
      <span class="dim clock">${clock(view.from)} – ${end ? clock(until) : "now"}</span>
    </header>
    <${Trouble} problem=${model.problem} />
    <${Trouble} problem=${cut && view.from < earliest ? CUT : null} />
    ${rows.length
      ? html`<${Chart} model=${model} view=${view} rows=${rows} setHover=${setHover} />`
      : html`<div class="card empty">No attempt has run yet. <code>paceline run -- sleep 5</code> makes one.</div>`}
    <p class="hover" aria-live="off">${hover ? describe(hover, last) : "Point at a bar to see its task, click to open it. The slider goes back in time."}</p>
  </section>`;
}

function open(model) {
  const tell = told(model);
  return batches({ take: (events) => (model.attempts.take(events), tell(null)), trouble: tell, kinds: KINDS });
}

const told = (model) => (problem) => {
  model.problem = problem;
  model.changes.value += 1;
};

/** What lies before what is known is read when somebody looks there. */
async function reach(model, from, oldest) {
  const { earliest } = model.attempts;
  if (Number.isFinite(earliest) && from < earliest && oldest < earliest) {
    await model.attempts.reach(from).then(() => told(model)(null), told(model));
  }
}

function lanes(attempts) {
  const named = (worker) => workers.get(worker)?.name ?? `worker ${worker}`;
  return [...attempts.byWorker.keys()].map((worker) => ({ worker, name: named(worker) })).sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
}

const describe = ({ attempt, end }, last) =>
  `${attempt.task}#${attempt.number} · ${attempt.outcome || "running"} · ${duration((attempt.to ? end : last) - attempt.from)} from ${moment(attempt.from)}${attempt.detail ? ` · ${attempt.detail}` : ""}`;

function Chart({ model, view, rows, setHover }) {
  const box = useRef(null);
  const canvas = useRef(null);
  const [top, setTop] = useState(0);
  const [size, setSize] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => setSize((count) => count + 1));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    canvas.current.hits = paint(canvas.current, { model, view, rows, top: box.current.scrollTop });
  }, [model.changes.value, view.from, view.to, rows.length, top, narrow.value, size, scheme.value]);
  const hit = (event) => {
    const [x, y] = [event.offsetX, event.offsetY];
    return canvas.current.hits.findLast((each) => x >= each.x - 2 && x <= each.x + each.width + 2 && y >= each.y && y <= each.y + each.height);
  };
  const open = (event) => {
    const found = hit(event);
    if (found) go(to("tasks", found.attempt.task));
  };
  return html`<div class="timeline" ref=${box} onScroll=${() => setTop(box.current.scrollTop)} tabindex="0" aria-label="Attempts by worker">
    <canvas ref=${canvas} role="img" aria-label=${`Attempts of ${number(rows.length)} workers`} onMouseMove=${(event) => setHover(hit(event) ?? null)} onMouseLeave=${() => setHover(null)} onClick=${open}></canvas>
    <div class="space" style=${{ height: `${rows.length * LANE + AXIS}px` }}></div>
  </div>`;
}

/** Draw what is in sight; returns where each bar lies. */
function paint(canvas, { model, view, rows, top }) {
  const { context, width, height } = sharp(canvas);
  const left = narrow.value ? 72 : 150;
  const scale = (width - left) / (view.to - view.from);
  const x = (at) => left + (at - view.from) * scale;
  const tall = Math.max(LANE, Math.min(MOST, Math.floor((height - AXIS) / rows.length)));
  const paper = { context, width, height, left, x, scale, tall };
  axis(paper, view);
  const first = Math.floor(top / tall);
  const hits = [];
  for (let at = first; at < rows.length && at * tall - top < height - AXIS; at += 1) {
    const y = AXIS + at * tall - top;
    context.save();
    context.beginPath();
    context.rect(0, AXIS, width, height - AXIS);
    context.clip();
    hits.push(...lane(paper, y, rows[at], model.attempts.within(rows[at].worker, view.from, view.to, view.now)));
    context.restore();
  }
  return hits;
}

function axis({ context, width, height, left, x, scale }, view) {
  const step = STEPS.find((each) => each * scale > 80) ?? STEPS.at(-1);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (let at = Math.ceil(view.from / step) * step; at < view.to; at += step) {
    context.fillStyle = colour("line");
    context.fillRect(Math.round(x(at)), AXIS, 1, height);
    context.fillStyle = colour("dim");
    context.fillText(step < 60 ? clock(at) : clock(at).slice(0, 5), x(at) + 3, AXIS / 2);
  }
  context.fillStyle = colour("line");
  context.fillRect(0, AXIS - 1, width, 1);
  context.fillRect(left, 0, 1, height);
}

function lane({ context, width, left, x, tall }, y, row, { found, lanes: count }) {
  context.fillStyle = colour("line");
  context.fillRect(0, y + tall - 1, width, 1);
  context.fillStyle = colour("text");
  context.fillText(row.name.length > 22 ? `${row.name.slice(0, 21)}…` : row.name, 8, y + tall / 2, left - 14);
  const each = Math.min(18, Math.max(1.5, (tall - 6) / count));
  context.save();
  context.beginPath();
  context.rect(left + 1, y, width, tall);
  context.clip();
  const hits = found.map(({ attempt, lane: at, end }) => {
    const bar = { x: x(attempt.from), y: y + 3 + at * each, width: Math.max(1.5, x(end) - x(attempt.from)), height: Math.max(1, each - 1) };
    context.fillStyle = colour(attempt.to ? COLOURS[tone(attempt.outcome)] : "accent");
    context.fillRect(bar.x, bar.y, bar.width, bar.height);
    return { ...bar, attempt, end };
  });
  context.restore();
  return hits;
}
