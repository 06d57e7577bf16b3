/** Whether the page is light or dark now: by the person's choice, else by the system's. */

import { theme } from "../ui/theme";
import type { Scheme } from "./scale";

export function scheme(): Scheme {
  if (theme.value !== "system") return theme.value;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
