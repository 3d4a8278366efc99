// The event log: its newest part, then what is added; and what a row says in words.
import { at, get } from "./api.js";
import { duration, some } from "./format.js";
import { follow } from "./stream.js";

const FIRST = 1000; // rows with which it begins

/**
 * `take(events)`, oldest first: the newest there are (of some `kinds`), then batches as they come, of all kinds.
 * Returns a function that stops.
 */
export function batches({ take, trouble, kinds = [] }) {
  const stopped = new AbortController();
  let stop = () => {};
  let [pending, frame] = [[], 0];
  const later = (event) => {
    pending.push(event);
    frame ||= requestAnimationFrame(() => {
      const batch = pending;
      [pending, frame] = [[], 0];
      take(batch);
    });
  };
  get(log({ newest: true, limit: FIRST }, kinds), { signal: stopped.signal }).then(
    ({ items: events }) => {
      take(events);
      const id = String(events.at(-1)?.seq ?? 0);
      if (stopped.signal.aborted) return;
      stop = follow("/api/events/live", { id, each: (name, data) => data && later(JSON.parse(data)), state: (_, problem) => problem && trouble(problem) });
    },
    (problem) => problem.name === "AbortError" || trouble(problem),
  );
  return () => (stopped.abort(), stop(), cancelAnimationFrame(frame));
}

/** The address of a part of the log. */
export const log = (query, kinds = []) => [at("/api/events", query), ...kinds.map((kind) => `kind=${kind}`)].join("&");

/** A row's body for people: {by, text, reason}. */
export function wordsOf(event) {
  const body = JSON.parse(event.body);
  const say = SAY[event.kind] ?? (() => event.body);
  return { by: body.by ?? body.owner ?? "", text: say(body), reason: body.reason ?? "" };
}

/** The columns of a batch of attempts; one that is empty holds the same everywhere. */
export function columns(body) {
  const whole = (name, usual) => (body[name]?.length ? body[name] : body.indexes.map(() => usual));
  return {
    numbers: whole("numbers", 1), outcomes: whole("outcomes", "SUCCEEDED"),
    details: whole("details", ""), seconds: whole("seconds", 0),
  };
}

const SAY = {
  job_kept: (body) => `${body.name || body.kind} submitted: ${some(body.tasks, "task")}${body.open ? ", open" : ""}`,
  tasks_kept: (body) => `${some(body.count, "task")} appended`,
  job_shut: (body) => `closed with ${some(body.count, "task")}`,
  job_over: (body) => `${body.state}: ${Object.entries(body.counts).map(([state, count]) => `${count} ${state.toLowerCase()}`).join(", ")}`,
  cancel_kept: (body) => `${body.outcome === "DEPENDENCY" ? "a job before it did not succeed" : "cancelled"}${ranges(body.ranges)}`,
  attempts_granted: (body) => `${some(body.indexes.length, "attempt")} to worker ${body.worker}: ${list(body)}`,
  attempts_over: (body) => `${tally(columns(body).outcomes)} on worker ${body.worker}: ${list(body)}${body.indexes.length === 1 ? `, ${duration(columns(body).seconds[0])}` : ""} ${details(body)}`,
  checkpoint_kept: (body) => `of ${body.attempt} at step ${body.step}`,
  checkpoints_dropped: (body) => `${some(body.steps.length, "checkpoint")} not needed any more`,
  worker_kept: (body) => `worker ${body.worker} on ${body.host} is ${body.state}`,
  token_kept: (body) => `a ${body.role} token${body.name ? ` for ${body.name}` : ""}`,
  model_changed: (body) => `${body.name}: ${body.change}${body.to ? ` to ${body.to}` : ""}`,
  token_spent: () => "no longer good",
};

const list = (body) => body.indexes.slice(0, 5).map((index, at) => `${index}#${columns(body).numbers[at]}`).join(" ") + (body.indexes.length > 5 ? " …" : "");
const ranges = (all) => (all?.length ? `: ${all.map(([start, stop]) => (stop - start > 1 ? `${start}-${stop - 1}` : start)).join(", ")}` : "");
const details = (body) => [...new Set(columns(body).details.filter(Boolean))].slice(0, 2).join("; ");

function tally(outcomes) {
  const counts = new Map();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}
