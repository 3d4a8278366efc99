// Asking the server. A token of this tab opens it; every refusal becomes a Problem that says what to do.
import { signal } from "./html.js";

const KEPT = "paceline.token";

/** The token, or "" while nobody is logged in. Kept for this tab only. */
export const token = signal(sessionStorage.getItem(KEPT) ?? "");
/** Why the login page is shown, if there is a reason. */
export const refusal = signal(null);

/** What went wrong, as the server says it (RFC 9457). `status` 0: it did not answer at all. */
export class Problem extends Error {
  constructor({ status = 0, detail = "", hint = "", code = "" }) {
    super(detail || `the server answered ${status}`);
    Object.assign(this, { status, hint, code });
  }
}

const AWAY = { detail: "the server does not answer", hint: "This page keeps trying. Is `paceline server` running?" };

/** A Response, or a Problem thrown. A token that is refused is forgotten. */
export async function ask(path, { method = "GET", body, headers = {}, signal: until } = {}) {
  const sent = { ...headers };
  if (token.value) sent.authorization = `Bearer ${token.value}`;
  if (body !== undefined) sent["content-type"] = "application/json";
  const used = token.value;
  let answer;
  try {
    answer = await fetch(path, { method, headers: sent, body: body && JSON.stringify(body), signal: until });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(AWAY);
  }
  if (answer.ok) return answer;
  const problem = await told(answer);
  if (answer.status === 401 && used === token.value) logOut(problem);
  throw problem;
}

async function told(answer) {
  const said = await answer.json().catch(() => ({}));
  return new Problem({ ...said, status: answer.status });
}

export const get = async (path, options) => (await ask(path, options)).json();
export const post = async (path, body = {}) => (await ask(path, { method: "POST", body })).json();
export const patch = async (path, body) => (await ask(path, { method: "PATCH", body })).json();

/** A path with its query; empty values are left out. */
export function at(path, query = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const text = new URLSearchParams(said).toString();
  return text ? `${path}?${text}` : path;
}

export function logIn(text) {
  sessionStorage.setItem(KEPT, text);
  refusal.value = null;
  token.value = text;
}

export function logOut(why = null) {
  sessionStorage.removeItem(KEPT);
  refusal.value = why;
  token.value = "";
}

/** Trade the one-time code of the address for a token; the code leaves the address and the history at once. */
export async function tradeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  history.replaceState(null, "", "#/");
  dispatchEvent(new HashChangeEvent("hashchange"));
  token.value = "";
  try {
    logIn((await post("/api/login", { code })).token);
  } catch (problem) {
    logOut(problem);
  }
}

/** Hand bytes to the browser as a file. */
export function saveAs(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
