//! The hot paths.

use std::io;

use thundra_bench_work::valgrind::Variables;

use crate::cost::{self, Cost};
use crate::{function, is_asked_for, parallel};

/// A hot path: the work, and the unit of the figures.
struct Path {
    name: &'static str,
    work: &'static str,
    size: u64,
    /// The number of turns, half of them the warm-up.
    turns: u64,
    unit: &'static str,
    /// The units of a turn.
    units: u64,
    /// The work whose cost is taken off.
    over: Option<&'static str>,
    /// The environment of the counted program.
    variables: Variables<'static>,
    /// The exporter of a function of Lambda, for work with a Runtime API.
    exporter: Option<&'static str>,
}

impl Path {
    const fn new(
        name: &'static str,
        (work, size, turns): (&'static str, u64, u64),
        (unit, units): (&'static str, u64),
    ) -> Self {
        Path { name, work, size, turns, unit, units, over: None, variables: &[], exporter: None }
    }

    /// Takes off the cost of the same work without us.
    const fn over(self, bare: &'static str) -> Self {
        Path { over: Some(bare), ..self }
    }

    /// Counts with a cache for every freed block in the C library. By default, the cost of an allocation depends on
    /// the order of earlier ones, and hash maps with random seeds free in random order.
    const fn in_random_order(self) -> Self {
        Path { variables: &[("GLIBC_TUNABLES", "glibc.malloc.tcache_count=65535")], ..self }
    }

    /// Counts a function of Lambda with an exporter. The ways of its threads differ in locks and allocations.
    const fn function(self, exporter: &'static str) -> Self {
        Path { exporter: Some(exporter), ..self }
    }

    fn cost(&self) -> io::Result<Cost> {
        let count = |work| {
            let of = |turns| match self.exporter {
                Some(exporter) => function::count(work, self.size, turns, exporter),
                None => cost::count(work, self.size, turns, self.variables),
            };
            Ok::<_, io::Error>(of(self.turns)? - of(self.turns / 2)?)
        };
        let mut counts = count(self.work)?;
        if let Some(bare) = self.over {
            counts = counts - count(bare)?;
        }
        let units = (self.units * (self.turns - self.turns / 2)) as f64;
        let each = |count: u64| count as f64 / units;
        let mut figures =
            [Some(each(counts.instructions)), counts.locked.map(each), Some(each(counts.allocations)), None];
        if self.exporter.is_some() {
            (figures[1], figures[2]) = (None, None);
        }
        Ok(Cost { name: self.name.to_owned(), unit: self.unit.to_owned(), figures })
    }
}

/// The spans of a scope: the workload's spans, and the scope's root.
#[rustfmt::skip]
const PATHS: &[Path] = &[
    Path::new("workload A: bare registry, the floor",        ("registry", 100, 40), ("span", 101)),
    Path::new("workload A: recorded",                        ("recorded", 100, 40), ("span", 101)),
    Path::new("workload A: recorded, otel-spans",            ("recorded", 100, 40), ("span", 101)),
    Path::new("workload A: recorded, on a registry",         ("on_registry", 100, 40), ("span", 101)),
    Path::new("workload A: not sampled",                     ("unsampled", 100, 40), ("span", 101)),
    Path::new("workload A: not sampled and not kept",        ("undecided", 100, 40), ("span", 101)),
    Path::new("workload A: outside of a scope",              ("outside", 100, 40), ("span", 100)),
    Path::new("varied spans: recorded",                      ("varied", 100, 40), ("span", 101)),
    Path::new("futures in turn: recorded",                   ("in_turn", 100, 40), ("span", 101)),
    Path::new("tasks spawned: recorded",                     ("spawned", 100, 40), ("span", 101)),
    Path::new("event outside of a scope",                    ("event_outside", 10_000, 4), ("event", 10_000)),
    Path::new("event of a level that is off",                ("event_off", 10_000, 4), ("event", 10_000)),
    Path::new("event of a level that is off here",           ("event_off_here", 10_000, 4), ("event", 10_000)),
    Path::new("scope without spans",                         ("recorded", 0, 200), ("scope", 1)),
    Path::new("invocation of 11 spans",                      ("recorded", 10, 200), ("invocation", 1)),
    Path::new("invocation of 11 spans, flushed",             ("flushed", 10, 200), ("invocation", 1)),
    Path::new("invocation of 21 varied spans, flushed",      ("flushed_varied", 20, 200), ("invocation", 1)),
    Path::new("invocation of 21 varied spans, packed",       ("packed", 20, 200), ("invocation", 1)),
    Path::new("function: bare",                              ("function_bare", 20, 200), ("invocation", 1)).function("none"),
    Path::new("function: OTLP, over bare",                   ("function", 20, 200), ("invocation", 1)).over("function_bare").function("otlp"),
    Path::new("function: stdout, over bare",                 ("function", 20, 200), ("invocation", 1)).over("function_bare").function("stdout"),
    Path::new("deadline watched",                            ("watched", 20_000, 4), ("invocation", 20_000)),
    Path::new("log line in a scope",                         ("log", 100, 10), ("line", 100)),
    Path::new("log line kept in a buffer",                   ("log_kept", 1_000, 10), ("line", 1_000)),
    Path::new("log record in a scope",                       ("log_record", 100, 20), ("record", 100)),
    Path::new("counter incremented in a scope",              ("counter", 1_000, 20), ("increment", 1_000)),
    Path::new("histogram recorded in a scope",               ("histogram", 1_000, 20), ("record", 1_000)),
    Path::new("metric event in a scope",                     ("metric_event", 1_000, 20), ("event", 1_000)),
    Path::new("metric event, metrics off",                   ("metric_event_off", 10_000, 4), ("event", 10_000)),
    Path::new("trigger: SNS, 1 KB",                          ("sns", 1_024, 200), ("event", 1)),
    Path::new("trigger: SNS, 100 KB",                        ("sns", 100_000, 20), ("event", 1)),
    Path::new("trigger: API Gateway, 6 MB",                  ("api_gateway", 6_000_000, 2), ("event", 1)),
    Path::new("trigger: SQS, 1,000 records",                 ("sqs", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: Kinesis, 1,000 records",             ("kinesis", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: Kinesis, aggregated, 1,000 records", ("kinesis_aggregated", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: ActiveMQ, 1,000 records",            ("activemq", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: DocumentDB, 1,000 records",          ("documentdb", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: DynamoDB, 1,000 records",            ("dynamodb", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: Firehose, 1,000 records",            ("firehose", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: Kafka, 1,000 records",               ("kafka", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: Kinesis Analytics, 1,000 records",   ("kinesis_analytics", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: pipe, 1,000 records",                ("pipe", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: RabbitMQ, 1,000 records",            ("rabbitmq", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: S3, 1,000 records",                  ("s3", 1_000, 4), ("record", 1_000)),
    Path::new("trigger: S3 Batch, 1,000 records",            ("s3_batch", 1_000, 4), ("record", 1_000)),
    Path::new("batch refused: Kinesis, 10,000 records",      ("refused", 10_000, 20), ("event", 1)),
    Path::new("queue time: an attribute",                    ("queue_attribute", 1_000, 4), ("scope", 1_000)),
    Path::new("queue time: a span",                          ("queue_span", 1_000, 4), ("scope", 1_000)),
    Path::new("payload spliced, 1 KB",                       ("splice", 1_024, 200), ("payload", 1)),
    Path::new("payload spliced, 100 KB",                     ("splice", 100_000, 20), ("payload", 1)),
    Path::new("SQS call: bare",                              ("sqs_bare", 20, 20), ("call", 20)).in_random_order(),
    Path::new("SQS call: spans alone, over bare",            ("sqs_spans", 20, 20), ("call", 20)).over("sqs_bare").in_random_order(),
    Path::new("SQS call: ids in the message, over bare",     ("sqs_ids", 20, 20), ("call", 20)).over("sqs_bare").in_random_order(),
    Path::new("HTTP call: bare",                             ("http_bare", 20, 100), ("call", 20)),
    Path::new("HTTP call: traceparent, over bare",           ("http_traceparent", 20, 100), ("call", 20)).over("http_bare"),
    Path::new("HTTP call: all headers, over bare",           ("http_all", 20, 100), ("call", 20)).over("http_bare"),
    Path::new("request: bare",                               ("tower_bare", 20, 100), ("request", 20)),
    Path::new("request: Layer::client(), over bare",         ("tower_client", 20, 100), ("request", 20)).over("tower_bare"),
    Path::new("request: Layer::server(), over bare",         ("tower_server", 20, 100), ("request", 20)).over("tower_bare"),
    Path::new("service: bare",                               ("service_bare", 100, 20), ("request", 100)),
    Path::new("service: a boxed body, the floor",            ("service_boxed", 100, 20), ("request", 100)),
    Path::new("service: disabled",                           ("service_disabled", 100, 20), ("request", 100)),
    Path::new("service: not sampled",                        ("service_always_off", 100, 20), ("request", 100)),
    Path::new("service: recorded",                           ("service_recorded", 100, 20), ("request", 100)),
];

/// Returns the costs of the paths whose names contain `part`.
pub(crate) fn costs(part: &str) -> io::Result<Vec<Cost>> {
    let paths: Vec<_> = PATHS.iter().filter(|path| is_asked_for(path.name, part)).collect();
    parallel::each(&paths, Path::cost)
}
