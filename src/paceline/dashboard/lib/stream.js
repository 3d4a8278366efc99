// Following a server-sent stream with a token, which EventSource cannot send. A stream that breaks is taken up again
// where it was (Last-Event-ID), after ever longer pauses; nobody looking at the tab, it rests.
import { Problem, ask } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
const SILENCE = 40_000; // milliseconds; the server lets its heart be heard every 15 s
const REST_AFTER = 15_000; // milliseconds for which the tab was hidden

/**
 * Follow until stopped, refused, or the server says `over`. Returns a function that stops.
 * `each(event, data, id)` for every event, `state("live" | "away" | "refused", problem)` whenever that changes.
 * `id`: where to take up.
 */
export function follow(path, { each, state = () => {}, id = "" }) {
  const stopped = new AbortController();
  run({ path, each, state, id }, stopped.signal);
  return () => stopped.abort();
}

async function run(wanted, stopped) {
  let pause = FIRST_PAUSE;
  while (!stopped.aborted) {
    await visible(stopped);
    const began = performance.now();
    try {
      if (await once(wanted, stopped)) return;
      wanted.state("away", null);
    } catch (problem) {
      if (stopped.aborted) return;
      const refused = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
      wanted.state(refused ? "refused" : "away", problem.status === undefined ? null : problem);
      if (refused) return;
    }
    pause = performance.now() - began > LONGEST_PAUSE ? FIRST_PAUSE : Math.min(pause * 2, LONGEST_PAUSE);
    await rest(pause * (0.5 + Math.random() / 2), stopped);
  }
}

/** Whether it is over. */
async function once(wanted, stopped) {
  const attempt = new AbortController();
  const abort = () => attempt.abort();
  const watch = watchdog(abort);
  stopped.addEventListener("abort", abort);
  document.addEventListener("visibilitychange", watch.hidden);
  try {
    const headers = { accept: "text/event-stream", ...(wanted.id && { "last-event-id": wanted.id }) };
    const answer = await ask(wanted.path, { headers, signal: attempt.signal });
    wanted.state("live", null);
    for await (const event of events(answer.body, watch.heard)) {
      if (event.id) wanted.id = event.id;
      if (stopped.aborted || event.name === "over") return true;
      if (event.name === "problem") throw new Problem(JSON.parse(event.data));
      wanted.each(event.name, event.data, event.id);
    }
    return false;
  } finally {
    watch.end();
    stopped.removeEventListener("abort", abort);
    document.removeEventListener("visibilitychange", watch.hidden);
    attempt.abort();
  }
}

/** Gives up on a stream that says nothing, and on one that nobody looks at. */
function watchdog(abort) {
  let silence = setTimeout(abort, SILENCE);
  let unseen = 0;
  return {
    heard() {
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE);
    },
    hidden() {
      clearTimeout(unseen);
      if (document.hidden) unseen = setTimeout(abort, REST_AFTER);
    },
    end() {
      clearTimeout(silence);
      clearTimeout(unseen);
    },
  };
}

/** The events of a body, parsed. */
async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const blocks = (rest + value.replaceAll("\r", "")).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event.data !== "" || event.name !== "message") yield event;
    }
  }
}

function parse(block) {
  const event = { name: "message", data: "", id: "" };
  const data = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue; // a heartbeat
    const [field, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (field === "data") data.push(value);
    else if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
  }
  event.data = data.join("\n");
  return event;
}

function visible(stopped) {
  if (!document.hidden) return undefined;
  return new Promise((go) => {
    const look = () => {
      if (document.hidden && !stopped.aborted) return;
      document.removeEventListener("visibilitychange", look);
      go();
    };
    document.addEventListener("visibilitychange", look);
    stopped.addEventListener("abort", look, { once: true });
  });
}

function rest(milliseconds, stopped) {
  return new Promise((go) => {
    const timer = setTimeout(go, milliseconds);
    stopped.addEventListener("abort", () => (clearTimeout(timer), go()), { once: true });
  });
}
