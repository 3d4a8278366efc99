// A table of any length: only the rows in sight exist. Arrow keys move, Enter opens, and a row is a link besides.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { narrow } from "./screen.js";
import { go } from "../lib/route.js";

export const ROW = 32; // pixels, as style/parts.css has it
const SPARE = 6; // rows drawn beyond what is seen
const MOST = 1_000_000; // rows a browser can scroll through

/**
 * `columns`: {label, width, cell(row, position), end, wide}: `end` aligns numbers, `wide` hides on a narrow screen.
 * `row(position)` is undefined while it is being read. `link(row)`: where it leads. `seen(first, last)` is told what is looked at.
 */
export function Table({ label, columns, count, row, link, seen, empty, name = "table" }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const [active, setActive] = useState(-1);
  const shown = columns.filter((column) => !(narrow.value && column.wide));
  const grid = shown.map((column) => column.width ?? "minmax(0, 1fr)").join(" ");
  const total = Math.min(count, MOST);
  const first = Math.max(0, Math.min(Math.floor(view.top / ROW), total - 1) - SPARE);
  const last = Math.min(total, Math.ceil((view.top + view.height) / ROW) + SPARE);

  const look = () => box.current && setView({ top: box.current.scrollTop, height: box.current.clientHeight });
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => seen?.(first, last), [first, last, total]);

  const move = (event) => {
    const to = target(event, active, total, view.height);
    if (to === null) return;
    event.preventDefault();
    setActive(to);
    reveal(box.current, to);
  };
  const press = (event) => {
    if (event.key !== "Enter" || event.target !== box.current) return move(event);
    const chosen = row(active);
    return chosen && link && go(link(chosen));
  };
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return html`<div class="table" data-name=${name} role="table" aria-label=${label} aria-rowcount=${count}>
    <div class="row head" role="row" style=${{ gridTemplateColumns: grid }}>
      ${shown.map((column) => html`<span role="columnheader" class=${column.end ? "end" : ""}>${column.label}</span>`)}
    </div>
    <div class="rows" ref=${box} tabindex="0" aria-label=${`${label}: rows`} onScroll=${look} onKeyDown=${press}>
      ${count === 0 && html`<div class="empty">${empty}</div>`}
      <div class="space" style=${{ height: `${total * ROW}px` }}>
        ${rows.map((position) => Row({ position, item: row(position), shown, grid, active, link }))}
      </div>
    </div>
  </div>`;
}

function Row({ position, item, shown, grid, active, link }) {
  const style = { gridTemplateColumns: grid, transform: `translateY(${position * ROW}px)` };
  const kind = `row${position === active ? " active" : ""}${item ? "" : " pending"}`;
  const follow = (event) => {
    const inside = event.target.closest("a, button, input");
    if (link && item && !inside && !getSelection().toString()) go(link(item));
  };
  return html`<div key=${position} class=${kind} role="row" aria-rowindex=${position + 1} style=${style} onClick=${follow}>
    ${shown.map(
      (column) => html`<span role="cell" class=${column.end ? "end" : ""}>${item ? column.cell(item, position) : ""}</span>`,
    )}
  </div>`;
}

/** Where a key leads from the row that is active; null: it is none of ours. */
function target(event, active, total, height) {
  if (event.target.closest("input, button") || total === 0) return null;
  const page = Math.max(1, Math.floor(height / ROW) - 1);
  const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -total, End: total };
  const step = steps[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return null;
  return Math.max(0, Math.min(total - 1, active + step));
}

function reveal(box, position) {
  const top = position * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
}
