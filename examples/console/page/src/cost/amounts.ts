/** Amounts of money and of memory × time, as people read them. */

/** Writes an amount with three significant digits at least, because an invocation costs millionths. */
export function money(amount: number, currency: string): string {
  const mark = currency === "" ? "" : /[\p{L}]$/u.test(currency) ? `${currency} ` : currency;
  if (amount === 0) return `${mark}0`;
  if (amount >= 0.995)
    return mark + amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const digits = Math.min(12, 2 - Math.floor(Math.log10(amount)));
  return mark + amount.toFixed(digits).replace(/0+$/, "").replace(/\.$/, "");
}

export function gigabyteSeconds(value: number): string {
  if (value === 0) return "0";
  if (value >= 1000) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  if (value < 0.001) return value.toExponential(1);
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
