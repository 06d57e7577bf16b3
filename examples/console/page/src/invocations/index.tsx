import { Nothing } from "../ui/states";

export function InvocationsScreen() {
  return <Nothing title="Invocations is not built yet" />;
}
