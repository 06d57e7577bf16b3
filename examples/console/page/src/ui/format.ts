/** Numbers as people read them. Durations and times are microseconds, as in the API. */

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** Returns three significant digits: `840 µs`, `12.3 ms`, `1.50 s`, `2 min 3 s`, `1 h 5 min`. */
export function duration(us: number | null | undefined): string {
  if (us === null || us === undefined || !Number.isFinite(us)) return "–";
  const size = Math.abs(us);
  if (size < 1) return size === 0 ? "0" : `${trimmed(digits(us * 1000))} ns`;
  if (size < 999.5) return `${trimmed(digits(us))} µs`;
  if (size < 999_500) return `${digits(us / 1e3)} ms`;
  if (size < 59_995_000) return `${digits(us / 1e6)} s`;
  const seconds = Math.round(size / 1e6);
  const sign = us < 0 ? "−" : "";
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${sign}${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+(?=\D*$)/, "") : text;
}

/** Returns a duration as a mark of an axis: without zeros at its end. */
export function tick(us: number): string {
  return us === 0 ? "0" : trimmed(duration(us));
}

/** Reads what people write: `200ms`, `1.5 s`, `2m`, `840us`; a number alone is milliseconds. `null` if it is none. */
export function parseDuration(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|min|h)?\s*$/.exec(text);
  if (match === null) return null;
  const units: Record<string, number> = { ns: 1e-3, us: 1, µs: 1, ms: 1e3, s: 1e6, m: 60e6, min: 60e6, h: 3600e6 };
  return Number(match[1]) * (units[match[2] ?? "ms"] ?? 1e3);
}

/** Days of so many microseconds before or after now are told by their year too. */
const FAR = 300 * 86_400e6;

/** Returns `14:03:22.123`, with the day in front where it is not today, and with its year where that is far away. */
export function time(us: number | null, precision: "s" | "ms" | "us" = "ms"): string {
  if (us === null) return "–";
  const date = new Date(us / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const fraction =
    precision === "s"
      ? ""
      : precision === "ms"
        ? `.${String(date.getMilliseconds()).padStart(3, "0")}`
        : `.${String(((Math.floor(us) % 1e6) + 1e6) % 1e6).padStart(6, "0")}`;
  const today = new Date().toDateString() === date.toDateString();
  const year = Math.abs(us - Date.now() * 1000) > FAR ? ({ year: "numeric" } as const) : {};
  const day = today ? "" : `${date.toLocaleDateString("en", { day: "numeric", month: "short", ...year })} `;
  return `${day}${clock}${fraction}`;
}

/** Returns a time as a mark of an axis of some length: no finer than tells the marks apart. */
export function timeMark(us: number, length: number): string {
  const date = new Date(us / 1000);
  if (length > FAR) return date.toLocaleDateString("en", { month: "short", year: "numeric" });
  if (length > 2 * 86_400e6) return date.toLocaleDateString("en", { day: "numeric", month: "short" });
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return length < 600e6 ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** Returns the whole time, for tooltips: `2026-11-26 14:03:22.123456`. */
export function fullTime(us: number | null): string {
  if (us === null) return "–";
  const date = new Date(us / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockOf(us)}`;
}

function clockOf(us: number): string {
  const date = new Date(us / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const micros = String(((Math.floor(us) % 1e6) + 1e6) % 1e6).padStart(6, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}

/** Returns `just now`, `3 min ago`. */
export function ago(us: number, now = Date.now() * 1000): string {
  const seconds = (now - us) / 1e6;
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** Returns `128 MB`: 1024 bytes are a KB, as in Lambda's own words. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return "–";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : trimmed(digits(value))} ${units[unit] ?? ""}`;
}

/** Returns `12,345`. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : NUMBER.format(value);
}

/** Returns `12.3K`, where room is short. */
export function compact(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value < 10_000 ? NUMBER.format(value) : COMPACT.format(value);
}

/** Returns `3 spans`, `1 span`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${NUMBER.format(value)} ${value === 1 ? one : many}`;
}

/** Returns a share from 0 to 1 as `49 %`; what is more than nothing is never `0 %`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.01) return "< 1 %";
  if (share < 1 && share > 0.99) return "> 99 %";
  return `${Math.round(share * 100)} %`;
}

/** Returns any number with about three significant digits. */
export function quantity(value: number): string {
  if (Number.isInteger(value)) return NUMBER.format(value);
  const size = Math.abs(value);
  if (size >= 1000) return NUMBER.format(value);
  return size >= 0.001 ? (size < 0.1 ? trimmed(value.toPrecision(2)) : trimmed(digits(value))) : value.toExponential(1);
}

/** Returns a step of an axis that reads well (1, 2 or 5 times a power of ten), of which `most` fit in a length. */
export function niceStep(length: number, most: number): number {
  if (!(length > 0)) return 1;
  const rough = length / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}
