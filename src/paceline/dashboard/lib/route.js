// Where in the page we are: "#/jobs/3?state=FAILED". All that a link should bring back is in the address.
import { computed, signal } from "./html.js";

const read = () => location.hash.slice(1) || "/";
const address = signal(read());
addEventListener("hashchange", () => (address.value = read()));

/** `{parts: ["jobs", "3"], query: URLSearchParams}` */
export const route = computed(() => {
  const [path, query = ""] = address.value.split("?");
  return { path, parts: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
});

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A link: `to("jobs", 3)`. */
export const to = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

export function go(link) {
  location.hash = link;
}

/** Change the query in place, so that "back" leaves the view and not a letter of a filter. */
export function ask(changes) {
  const query = new URLSearchParams(route.value.query);
  for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
  const text = query.toString();
  history.replaceState(null, "", `#${route.value.path}${text ? `?${text}` : ""}`);
  address.value = read();
}
