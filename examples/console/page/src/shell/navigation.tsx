/** The head of the page: its screens, and the switches that hold for all of them. */

import { href, go, leftAt, type Screen } from "../router";
import { keptFilters } from "../filters";
import { useKeys } from "../ui/keys";
import { switchTheme, theme } from "../ui/theme";
import { tip } from "../ui/tooltip";
import { helpShown } from "./help";

const TABS: readonly { screen: Exclude<Screen, "request">; title: string; asks: string }[] = [
  { screen: "requests", title: "Requests", asks: "What happened?" },
  { screen: "map", title: "Map", asks: "What talks to what, and how sick is it?" },
  { screen: "slow", title: "Slow", asks: "Which call is slow, and for whom?" },
  { screen: "cost", title: "Cost", asks: "What did it cost, and what for?" },
  { screen: "invocations", title: "Invocations", asks: "How do the functions run?" },
];

const THEMES = { system: "As the system", light: "Light", dark: "Dark" } as const;

export function Navigation({ screen }: { screen: Screen }) {
  const link = (to: Exclude<Screen, "request">): string =>
    screen === "request" && to === "requests" ? leftAt(to) : href(to, null, keptFilters());
  useKeys("Everywhere", [
    ...TABS.map(({ screen, title }, index) => ({
      keys: [String(index + 1)],
      does: title,
      run: () => go(link(screen)),
    })),
    { keys: ["t"], does: "Light, dark, or as the system", run: switchTheme },
    { keys: ["?"], does: "This list", run: () => (helpShown.value = true) },
  ]);
  return (
    <header class="top">
      <a class="brand" href={href("requests")} onClick={follow}>
        <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
          <rect width="16" height="16" rx="4" fill="var(--accent)" />
          <path d="M9.2 2.5 4.4 9h3l-.7 4.5L11.6 7h-3z" fill="var(--on-accent)" />
        </svg>
        Thundra
      </a>
      <nav aria-label="Screens">
        {TABS.map((tab) => {
          const here = tab.screen === screen || (tab.screen === "requests" && screen === "request");
          return (
            <a
              key={tab.screen}
              href={link(tab.screen)}
              aria-current={here ? "page" : undefined}
              onClick={follow}
              {...tip(tab.asks)}
            >
              {tab.title}
            </a>
          );
        })}
      </nav>
      <span class="spring" />
      <button
        class="quiet icon"
        onClick={switchTheme}
        aria-label={`Colours: ${THEMES[theme.value]}`}
        {...tip(`Colours: ${THEMES[theme.value].toLowerCase()} (t)`)}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" />
          {theme.value === "system" && <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />}
          {theme.value === "dark" && <circle cx="8" cy="8" r="5.5" fill="currentColor" />}
        </svg>
      </button>
      <button class="quiet icon" onClick={() => (helpShown.value = true)} aria-label="Keys" {...tip("Keys (?)")}>
        ?
      </button>
    </header>
  );
}

/** Follows a link inside the page, unless it is to open elsewhere. */
export function follow(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = (event.currentTarget as HTMLElement).getAttribute("href");
  if (link === null) return;
  event.preventDefault();
  go(link);
}
