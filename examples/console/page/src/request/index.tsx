import { Nothing } from "../ui/states";

export function RequestScreen() {
  return <Nothing title="Request" />;
}
