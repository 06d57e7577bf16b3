import { Nothing } from "../ui/states";

export function MapScreen() {
  return <Nothing title="Map is not built yet" />;
}
