// Reading something of the server for a view, and again when it may have changed; trouble is shown and heals by itself.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { Again } from "../lib/again.js";
import { get } from "../lib/api.js";
import { beat } from "../lib/fleet.js";

/**
 * `{value, problem, asked, again}` of a path; it is read again when `version` changes, or after `again()`, but never so
 * often that reading is all that happens. `asked`: when. `path` empty: nothing is read.
 */
export function useRead(path, version = 0) {
  const [read, setRead] = useState({ path, value: null, problem: null, asked: 0 });
  const reader = useMemo(() => new Again((signal) => load(path, signal, setRead)), [path]);
  const again = () => void (path && reader.want());
  useEffect(() => () => reader.close(), [reader]);
  useEffect(again, [reader, version]);
  return read.path === path ? { ...read, again } : { path, value: null, problem: null, asked: 0, again };
}

async function load(path, signal, tell) {
  const asked = performance.now();
  const [value, problem] = await get(path, { signal }).then((value) => [value, null], (problem) => [null, problem]);
  if (signal.aborted) return null;
  tell((before) => (problem && before.path === path ? { ...before, problem } : { path, value, problem, asked }));
  return problem;
}

/** Looks every other second while it is wanted. */
export function useBeats(wanted, look) {
  const due = wanted && beat.value;
  useEffect(() => void (due && look()), [due]);
}

export const Trouble = ({ problem }) =>
  problem && html`<p class="trouble" role="alert">${problem.message}${problem.hint && html`<small>${problem.hint}</small>`}</p>`;
