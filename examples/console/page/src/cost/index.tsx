import { Nothing } from "../ui/states";

export function CostScreen() {
  return <Nothing title="Cost is not built yet" />;
}
