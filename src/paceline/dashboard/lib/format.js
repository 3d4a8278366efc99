// Numbers and times as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export const number = (value) => value.toLocaleString("en");

export function bytes(value) {
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value >= 100 || unit === 0 ? Math.round(value) : Number(value.toFixed(1))} ${UNITS[unit]}`;
}

/** Thousandths, as processors and devices are counted. */
export const milli = (value) => number(Math.round(value / 10) / 100);

export function duration(seconds) {
  if (seconds < 0.001) return "0 s";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  const [[size, unit], [smaller, subunit]] = parts.slice(first, first + 2);
  const rest = Math.floor((seconds % size) / smaller);
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${subunit}` : ""}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** A moment in local time: the time of today, the day before it otherwise. */
export function moment(at) {
  if (!at) return "";
  const when = new Date(at * 1000);
  const today = when.toDateString() === new Date().toDateString();
  return today ? CLOCK.format(when) : `${DAY.format(when)} ${CLOCK.format(when).slice(0, 5)}`;
}

export const clock = (at) => CLOCK.format(new Date(at * 1000));
export const exact = (at) => (at ? new Date(at * 1000).toISOString() : "");
export const ago = (at, now) => (now - at < 2 ? "now" : `${duration(Math.floor(now - at))} ago`);

/** A measured value: four digits, without an exponent where it can be read. */
export function measure(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return number(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** How a measured value of this name is written. */
export const reading = (name) => (name.endsWith("_bytes") ? bytes : measure);

/** "1 task", "2 tasks". */
export const some = (count, thing) => `${number(count)} ${thing}${count === 1 ? "" : "s"}`;
