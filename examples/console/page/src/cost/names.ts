/** What a node of the map is called in a sentence. */

/** Returns `table ledger` for `table:ledger`. */
export function nodeName(node: string): string {
  const colon = node.indexOf(":");
  return colon < 1 ? node : `${node.slice(0, colon)} ${node.slice(colon + 1)}`;
}
