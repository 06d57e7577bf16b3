// The telemetry of a small shop: orders takes an order, asks pricing, writes a table and sends to a queue; billing
// receives. One tenant is slow in the second half.

/** Spans of 240 orders in ten minutes; the same each time but for the time of their beginning. */
export function shop(begin = Math.floor(Date.now() / 60e3) * 60e6 - 600e6) {
  let seed = 11;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const about = (duration) => Math.round(duration * (0.8 + 0.4 * random()));
  const orders = [];
  const billing = [];
  let id = 0;
  for (let order = 0; order < 240; order += 1) {
    const trace = 0xabc000 + order;
    const late = order >= 120;
    const tenant_id = `t${order % 8}`;
    const slow = late && tenant_id === "t3";
    const failed = order % 40 === 7;
    const start = begin + order * 2.5e6;
    const [pricing, table, send, queue, work] = [
      about(slow ? 900e3 : 30e3),
      about(6e3),
      about(8e3),
      about(120e3),
      about(20e3),
    ];
    const root = {
      id: (id += 1),
      trace,
      name: "POST /orders",
      kind: "server",
      start,
      duration: pricing + table + send + 5e3,
      error: failed ? "no stock" : null,
    };
    root.attributes = {
      "x-correlation-id": `order-${order}`,
      "faas.invocation_id": `invocation-${root.id}`,
      "faas.coldstart": order % 60 === 0,
      "faas.trigger": "http",
      "faas.max_memory": 256 * 2 ** 20,
      "thundra.memory.peak_bytes": 100 * 2 ** 20,
      "http.route": "/orders",
      tenant_id,
    };
    const child = (name, kind, after, duration, attributes, error = null) => ({
      id: (id += 1),
      trace,
      parent: root.id,
      name,
      kind,
      start: start + after,
      duration,
      attributes: { ...attributes, tenant_id },
      error,
    });
    const sent = child("billing send", "producer", 2e3 + pricing + table, send, {
      "messaging.system": "aws_sqs",
      "messaging.destination.name": "billing",
    });
    orders.push(
      root,
      child(
        "POST pricing.example.com",
        "client",
        1e3,
        pricing,
        { "server.address": "pricing.example.com" },
        failed ? "500" : null,
      ),
      child("PutItem orders", "client", 1e3 + pricing, table, {
        "rpc.system.name": "aws-api",
        "aws.dynamodb.table_names": ["orders"],
      }),
      sent,
    );
    const received = {
      id: (id += 1),
      trace,
      parent: sent.id,
      name: "billing process",
      kind: "consumer",
      start: start + root.duration + queue,
      duration: work,
    };
    received.attributes = {
      "x-correlation-id": `order-${order}`,
      "faas.invocation_id": `invocation-${received.id}`,
      "faas.coldstart": false,
      "faas.trigger": "pubsub",
      "faas.max_memory": 512 * 2 ** 20,
      "messaging.system": "aws_sqs",
      "messaging.destination.name": "billing",
      "thundra.queue.time_ms": queue / 1e3,
      tenant_id,
    };
    billing.push(received);
  }
  return {
    begin,
    orders,
    billing,
    roots: [...orders.filter(({ parent }) => parent === undefined), ...billing],
    services: {
      orders: { resource: { "faas.name": "orders", "cloud.region": "eu-central-1" }, spans: orders },
      billing: {
        resource: { "faas.name": "billing", "cloud.region": "eu-central-1", "host.arch": "arm64" },
        spans: billing,
      },
    },
  };
}

/** Returns the value below which a share of values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
