// Telemetry with known numbers: an order that three functions handle, one of them in three deliveries.

const BEGIN = BigInt(Date.now() - 120_000) * 1_000_000n;
const hex = (number, digits) => number.toString(16).padStart(digits, "0");

/** Returns attributes as OTLP/JSON has them. */
export const attributes = (values) =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      key,
      value:
        typeof value === "boolean"
          ? { boolValue: value }
          : typeof value === "number"
            ? Number.isInteger(value)
              ? { intValue: String(value) }
              : { doubleValue: value }
            : { stringValue: String(value) },
    }));

/** Returns nanoseconds since 1970 of a time in microseconds after the beginning. */
const nanos = (us) => String(BEGIN + BigInt(Math.round(us * 1000)));

/** One order. All times are microseconds. */
export function order(number, { slow = false, fails = true } = {}) {
  const trace = hex(0x7000 + number, 32);
  const id = `order-${number}`;
  const begin = number * 1_000_000;
  let last = number * 100;
  const spans = [];
  const add = (service, parent, kind, name, start, duration, more = {}, error = null) => {
    const span = { id: hex((last += 1), 16), service, parent, kind, name, start: begin + start, duration, more, error };
    spans.push(span);
    return span;
  };
  const work = (trigger, invocation, more = {}) => ({
    "correlation.id": id,
    "faas.trigger": trigger,
    "faas.invocation_id": `${id}-${invocation}`,
    tenant_id: slow ? "t7" : "t1",
    ...more,
  });
  const api = add(
    "orders",
    null,
    2,
    "POST /orders",
    0,
    200_000,
    work("http", "api", { "faas.coldstart": true, "thundra.parent.source": "none" }),
  );
  add("orders", api, 3, "GetItem orders", 10_000, 20_000);
  const send = add("orders", api, 4, "send billing", 100_000, 30_000, {
    "messaging.system": "aws_sqs",
    "messaging.destination.name": "billing",
  });
  const deliveries = fails ? 3 : 1;
  for (let turn = 1; turn <= deliveries; turn += 1) {
    const start = 600_000 * turn;
    const failed = turn < deliveries;
    const process = add(
      "billing",
      send,
      5,
      "process billing",
      start,
      slow ? 290_000 : 150_000,
      work("pubsub", `billing-${turn}`, {
        "thundra.parent.source": "sqs.message_attribute",
        "thundra.queue.time_ms": 400,
        "aws.sqs.receive_count": turn,
        "messaging.message.id": `m-${number}`,
      }),
      failed ? "card declined" : null,
    );
    add("billing", process, 3, "POST pay.example", start + 20_000, 100_000, { "server.address": "pay.example" });
  }
  return { id, trace, begin, spans };
}

/** Returns the requests of OTLP for an order: its traces and its logs. */
export function requests({ trace, spans }) {
  const by = new Map();
  for (const span of spans) by.set(span.service, [...(by.get(span.service) ?? []), span]);
  const resource = (service) => ({
    attributes: attributes({
      "service.name": service,
      "faas.name": service,
      "faas.max_memory": 134_217_728,
      "cloud.platform": "aws_lambda",
    }),
  });
  return {
    traces: {
      resourceSpans: [...by].map(([service, list]) => ({
        resource: resource(service),
        scopeSpans: [
          {
            scope: { name: "thundra" },
            spans: list.map((span) => ({
              traceId: trace,
              spanId: span.id,
              parentSpanId: span.parent?.id ?? "",
              name: span.name,
              kind: span.kind,
              flags: span.parent === null || span.parent.service !== span.service ? 0x301 : 0x101,
              startTimeUnixNano: nanos(span.start),
              endTimeUnixNano: nanos(span.start + span.duration),
              attributes: attributes({ ...span.more, "error.type": span.error ?? undefined }),
              status: span.error === null ? {} : { code: 2, message: span.error },
            })),
          },
        ],
      })),
    },
    logs: {
      resourceLogs: [...by].map(([service, list]) => ({
        resource: resource(service),
        scopeLogs: [
          {
            logRecords: list
              .filter(({ parent }) => parent === null || parent.service !== service)
              .map((span) => ({
                timeUnixNano: nanos(span.start + 1000),
                severityNumber: span.error === null ? 9 : 17,
                body: { stringValue: `${span.name} of <b>${span.id}</b>` },
                traceId: trace,
                spanId: span.id,
              })),
          },
        ],
      })),
    },
  };
}

/** One trace of names and values that would break a page that takes them for markup. */
export function hostile() {
  const trace = hex(0xbad, 32);
  const span = (id, parent, name, more = {}) => ({
    traceId: trace,
    spanId: hex(id, 16),
    parentSpanId: parent === 0 ? "" : hex(parent, 16),
    name,
    kind: 1,
    startTimeUnixNano: nanos(0),
    endTimeUnixNano: nanos(1000),
    attributes: attributes(more),
  });
  const markup = "</script><img src=x onerror=alert(1)>";
  return {
    trace,
    body: {
      resourceSpans: [
        {
          resource: { attributes: attributes({ "service.name": `<b>${markup}` }) },
          scopeSpans: [
            {
              spans: [
                span(1, 0, markup, { [markup]: markup, long: "x".repeat(1 << 20), direction: "\u202eabc" }),
                span(2, 3, "a cycle"),
                span(3, 2, "of parents"),
                span(4, 4, "its own parent"),
                span(5, 1, "twice"),
                span(5, 1, "twice again"),
                span(6, 99, "without a parent"),
                span(7, 1, "\u202eturned"),
              ],
            },
          ],
        },
      ],
    },
  };
}

/** One trace of so many spans. */
export function large(count) {
  const trace = hex(0xb16, 32);
  const parent = (at) => (at === 0 ? 0 : Math.floor((at - 1) / 8) + 1);
  return {
    trace,
    body: {
      resourceSpans: [
        {
          resource: { attributes: attributes({ "service.name": "large" }) },
          scopeSpans: [
            {
              spans: Array.from({ length: count }, (_, at) => ({
                traceId: trace,
                spanId: hex(at + 1, 16),
                parentSpanId: at === 0 ? "" : hex(parent(at), 16),
                name: `span ${at % 50}`,
                kind: 1,
                startTimeUnixNano: nanos(at * 10),
                endTimeUnixNano: nanos(count * 10 + 1000 - at * 5),
                status: at % 997 === 5 ? { code: 2 } : {},
              })),
            },
          ],
        },
      ],
    },
  };
}
