/** Light and dark: the system's choice, unless the person made one. Kept in this browser. */

import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const KEY = "thundra-theme";

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

export const theme = signal<Theme>(kept());
/** Grows when colours change, so that canvases are drawn again. */
export const colours = signal(0);

const cache = new Map<string, string>();

function apply(): void {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
  cache.clear();
  colours.value += 1;
}

/** Begins to follow the system's choice. Called once. */
export function followTheme(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
}

/** Chooses the next: system, light, dark. */
export function switchTheme(): void {
  theme.value = theme.value === "system" ? "light" : theme.value === "light" ? "dark" : "system";
  try {
    if (theme.value === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme.value);
  } catch {
    // A file or a private window keeps nothing.
  }
  apply();
}

/** Returns the colour of a design token, for a canvas: `token("--accent")`. */
export function token(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  cache.set(name, colour);
  return colour;
}
