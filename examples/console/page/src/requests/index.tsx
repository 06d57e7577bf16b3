import { Nothing } from "../ui/states";

export function RequestsScreen() {
  return <Nothing title="Requests" />;
}
