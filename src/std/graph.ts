/** Where following edges leads back to its start, as `a b a`, or undefined when the graph has no cycle. */
export function findCycle(nodes: Iterable<string>, edges: (node: string) => Iterable<string>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (done.has(node)) return undefined;
    const start = path.indexOf(node);
    if (start >= 0) return [...path.slice(start), node];
    path.push(node);
    for (const next of edges(node)) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of nodes) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}

/** The nodes with every node after those its edges name; among equals the given order holds. The graph must have no cycle. */
export function topologicalOrder(nodes: Iterable<string>, edges: (node: string) => Iterable<string>): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (node: string): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const next of edges(node)) visit(next);
    order.push(node);
  };
  for (const node of nodes) visit(node);
  return order;
}
