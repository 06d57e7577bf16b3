/** The page: the shell, and the screen that the URL names. */

import { exported } from "./api/exported";
import { CostScreen } from "./cost";
import { InvocationsScreen } from "./invocations";
import { MapScreen } from "./map";
import { RequestScreen } from "./request";
import { RequestsScreen } from "./requests";
import { route, type Screen } from "./router";
import { Foot } from "./shell/foot";
import { Help } from "./shell/help";
import { Navigation } from "./shell/navigation";
import { KnowsStatus } from "./shell/status";
import { SlowScreen } from "./slow";
import { Tooltip } from "./ui/tooltip";

const SCREENS: Record<Screen, () => preact.JSX.Element> = {
  requests: RequestsScreen,
  request: RequestScreen,
  map: MapScreen,
  slow: SlowScreen,
  cost: CostScreen,
  invocations: InvocationsScreen,
};

const TITLES: Record<Screen, string> = {
  requests: "Requests",
  request: "Request",
  map: "Map",
  slow: "Slow",
  cost: "Cost",
  invocations: "Invocations",
};

export function App() {
  const { screen, id } = route.value;
  const Shown = SCREENS[screen];
  document.title = `${screen === "request" && id !== null ? id.slice(0, 60) : TITLES[screen]} · Thundra`;
  return (
    <div class="shell">
      <a
        class="skip"
        href="#screen"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("screen")?.focus();
        }}
      >
        Skip to the screen
      </a>
      {exported === null && <Navigation screen={screen} />}
      <KnowsStatus>
        <main id="screen" tabIndex={-1} class={`screen screen-${screen}`} key={screen === "request" ? id : screen}>
          <Shown />
        </main>
        {exported === null && <Foot />}
      </KnowsStatus>
      <Help />
      <Tooltip />
    </div>
  );
}
