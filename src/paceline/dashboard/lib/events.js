// The event log: its newest part, then what is added; and what a row says in words.
import { at } from "./api.js";
import { workers } from "./fleet.js";
import { duration, some } from "./format.js";
import { follow } from "./stream.js";

const FIRST = 1000; // rows with which it begins

/**
 * `take(events)`, oldest first: the newest there are (of some `kinds`; none: of all), then batches as they come.
 * `trouble(problem)`: why nothing comes; null: it comes again. Returns a function that stops.
 */
export function batches({ take, trouble, kinds = [] }) {
  return follow(log({ limit: FIRST }, kinds, "/live"), {
    each: (_, data) => take(JSON.parse(data)),
    state: (state, problem) => (problem || state === "live") && trouble(problem),
  });
}

/** The address of a part of the log. */
export const log = (query, kinds = [], live = "") => [at(`/api/events${live}`, query), ...kinds.map((kind) => `kind=${kind}`)].join("&");

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
  attempts_granted: (body) => `${some(body.indexes.length, "attempt")} to ${who(body)}: ${list(body)}`,
  attempts_over: (body) => `${tally(columns(body).outcomes)} on ${who(body)}: ${list(body)}${body.indexes.length === 1 ? `, ${duration(columns(body).seconds[0])}` : ""} ${details(body)}`,
  checkpoint_kept: (body) => `of ${body.attempt} at step ${body.step}`,
  checkpoints_dropped: (body) => `${some(body.steps.length, "checkpoint")} not needed any more`,
  worker_kept: (body) => `worker ${body.worker} on ${body.host} is ${body.state}`,
  token_kept: (body) => `${body.role} token${body.name ? ` for ${body.name}` : ""}`,
  model_changed: (body) => `${body.name}: ${body.change}${body.to ? ` to ${body.to}` : ""}`,
  token_spent: (body) => (body.revoked ? "revoked" : "used up"),
};

const who = (body) => workers.get(body.worker)?.name ?? `worker ${body.worker}`;
const list = (body) => body.indexes.slice(0, 5).map((index, at) => `${index}#${columns(body).numbers[at]}`).join(" ") + (body.indexes.length > 5 ? " …" : "");
const ranges = (all) => (all?.length ? `: ${all.map(([start, stop]) => (stop - start > 1 ? `${start}-${stop - 1}` : start)).join(", ")}` : "");
const details = (body) => [...new Set(columns(body).details.filter(Boolean))].slice(0, 2).join("; ");

function tally(outcomes) {
  const counts = new Map();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}
