import { Nothing } from "../ui/states";

export function SlowScreen() {
  return <Nothing title="Slow is not built yet" />;
}
