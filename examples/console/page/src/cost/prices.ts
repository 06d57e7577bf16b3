/** The reader's own prices: kept by the browser, sent nowhere. The console has none of its own. */

/** Prices in the reader's currency; null where none was given. */
export interface Prices {
  /** Of a gigabyte-second on x86. */
  readonly x86: number | null;
  /** Of a gigabyte-second on arm64. */
  readonly arm64: number | null;
  /** Of a million invocations. */
  readonly million: number | null;
  /** The mark of the currency, as it stands before an amount. */
  readonly currency: string;
}

export const NONE: Prices = { x86: null, arm64: null, million: null, currency: "" };

const KEY = "thundra-console-prices";

/** Returns a price of a form: null for an empty field, undefined for what is no price. */
export function price(text: string): number | null | undefined {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Reads what the browser keeps; what is not understood counts as not given. */
export function parse(text: string | null): Prices {
  try {
    const kept = JSON.parse(text ?? "null") as Record<string, unknown> | null;
    const number = (name: string) => {
      const value = kept?.[name];
      return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
    };
    const currency = typeof kept?.currency === "string" ? kept.currency.slice(0, 4) : "";
    return { x86: number("x86"), arm64: number("arm64"), million: number("million"), currency };
  } catch {
    return NONE;
  }
}

export function load(): Prices {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return NONE;
  }
}

/** Keeps the prices; a browser that keeps nothing still uses them until the page is closed. */
export function keep(prices: Prices): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(prices));
  } catch {
    // Private windows and full disks.
  }
}

/** What an amount is made of. */
export interface Used {
  readonly invocations: number;
  readonly gb_s: number;
  readonly gb_s_arm64: number;
}

/** Returns the cost; null while a price that it needs is missing, so that no amount is shown that is too low. */
export function cost(used: Used, prices: Prices): number | null {
  if (prices.x86 === null && prices.arm64 === null && prices.million === null) return null;
  if (used.gb_s > 0 && prices.x86 === null) return null;
  if (used.gb_s_arm64 > 0 && prices.arm64 === null) return null;
  const time = used.gb_s * (prices.x86 ?? 0) + used.gb_s_arm64 * (prices.arm64 ?? 0);
  return time + (used.invocations * (prices.million ?? 0)) / 1e6;
}

/** Returns the names of the prices that are needed and missing. */
export function missing(used: Used, prices: Prices): string[] {
  const names: string[] = [];
  if (used.gb_s > 0 && prices.x86 === null) names.push("GB-second on x86");
  if (used.gb_s_arm64 > 0 && prices.arm64 === null) names.push("GB-second on arm64");
  return names;
}
