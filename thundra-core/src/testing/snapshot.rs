//! Spans as a text that is equal in each run.

use std::collections::BTreeSet;

use super::printer::Printer;
use crate::SpanData;

/// The attributes left out, with values that depend on the run, the machine, the account, or the version of a library.
/// A key with `.`, `_` or `-` at the end stands for all keys with the prefix.
const LEFT_OUT: [&str; 54] = [
    "aws.extended_request_id",
    "aws.kinesis.sequence_number",
    "aws.lambda.invocation_id",
    "aws.lambda.invoked_arn",
    "aws.request_id",
    "aws.secretsmanager.secret.arn",
    "aws.sns.topic.arn",
    "aws.sqs.queue.url",
    "aws.step_functions.activity.arn",
    "aws.step_functions.execution.arn",
    "aws.step_functions.state_machine.arn",
    "busy_ns",
    "client.address",
    "client.port",
    "cloud.",
    "code.",
    "durable.execution.arn",
    "durable.execution.name",
    "exception.stacktrace",
    "faas.coldstart",
    "faas.instance",
    "faas.invocation_id",
    "faas.time",
    "host.",
    "idle_ns",
    "messaging.kafka.offset",
    "messaging.message.id",
    "network.local.",
    "network.peer.",
    "network.protocol.",
    "os.",
    "process.",
    "server.port",
    "telemetry.",
    "thread.",
    "thundra.billed.",
    "thundra.cpu.",
    "thundra.deadline.",
    "thundra.disk.",
    "thundra.dropped_after_end",
    "thundra.dropped_measurements",
    "thundra.lost_",
    "thundra.memory.",
    "thundra.network.",
    "thundra.overflowing_measurements",
    "thundra.parent.source",
    "thundra.queue.time_ms",
    "thundra.receive.",
    "thundra.unfinished.elapsed_ms",
    "thundra.warmup.pings",
    "thundra.xray.root",
    "url.query",
    "user_agent.",
    "x-correlation-",
];

/// A printer of spans for snapshots: `assert_eq!`, `insta::assert_snapshot!`, or a file.
///
/// The text is equal in each run, on each machine and with each version of a dependency:
///
/// - Times and ids are left out, and so are attributes that depend on the run, the machine, the account or the version
///   of a library: `code.*`, `thread.*`, `process.*`, `network.peer.*`, `user_agent.*`, `x-correlation-*`, ids of
///   requests, figures of the usage of an invocation, and cold starts. [`with`](Self::with) shows an attribute left out by default, and
///   [`without`](Self::without) leaves out another attribute.
/// - In the other values, names and texts, a part that looks like a value of the run is replaced by `<uuid>`, `<id>`,
///   `<address>`, `<port>` (of the local machine) or `<time>`.
/// - Attributes are sorted by key, and spans with the same parent by text. Spans of concurrent work start in any order.
///   [`in_order_of_start`](Self::in_order_of_start) keeps the order of sequential work.
///
/// # Examples
///
/// ```
/// use thundra_core::testing::{self, Snapshot};
///
/// let (_, spans) = testing::record("checkout", || {
///     tracing::info_span!("reserve", order = 7).in_scope(|| {});
///     tracing::info_span!("charge", order = 7, code.line.number = 12).in_scope(|| tracing::info!(cents = 5, "paid"));
/// });
/// assert_eq!(testing::snapshot(&spans), "
/// checkout
/// ├ charge order=7
/// │   · paid cents=5
/// └ reserve order=7
/// ".trim_start());
///
/// let snapshot = Snapshot::new().in_order_of_start().only(["cents"]).with("code.line.number");
/// assert_eq!(snapshot.print(&spans), "
/// checkout
/// ├ reserve
/// └ charge code.line.number=12
///     · paid cents=5
/// ".trim_start());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Snapshot {
    with: BTreeSet<String>,
    without: BTreeSet<String>,
    only: Option<BTreeSet<String>>,
    by_start: bool,
}

/// Returns spans as a text that is equal in each run: see [`Snapshot`].
///
/// # Examples
///
/// ```
/// use thundra_core::testing;
///
/// let (_, spans) = testing::record("checkout", || {});
/// assert_eq!(testing::snapshot(&spans), "checkout\n");
/// ```
pub fn snapshot(spans: &[SpanData]) -> String {
    Snapshot::new().print(spans)
}

impl Snapshot {
    /// Makes a printer.
    pub fn new() -> Self {
        Snapshot::default()
    }

    /// Shows an attribute that is left out by default, with the unchanged value.
    pub fn with(mut self, key: impl Into<String>) -> Self {
        self.with.insert(key.into());
        self
    }

    /// Leaves out an attribute.
    pub fn without(mut self, key: impl Into<String>) -> Self {
        self.without.insert(key.into());
        self
    }

    /// Shows only the given attributes, and the attributes of [`with`](Self::with).
    pub fn only(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// Puts spans with the same parent in the order of the starts, for sequential work.
    pub fn in_order_of_start(mut self) -> Self {
        self.by_start = true;
        self
    }

    /// Returns the text: a tree for each root. A root is a span whose parent is not among the spans.
    pub fn print(&self, spans: &[SpanData]) -> String {
        Printer::new(self, spans).print(spans)
    }

    /// Returns `true` for an attribute to show with the unchanged value.
    pub(super) fn shows(&self, key: &str) -> bool {
        self.with.contains(key)
    }

    /// Returns `true` if the roots and the spans with the same parent stand in the order of the starts.
    pub(super) fn is_by_start(&self) -> bool {
        self.by_start
    }

    /// Returns `true` for an attribute to show with the stable parts of the value.
    pub(super) fn takes(&self, key: &str) -> bool {
        let is_left_out = || {
            LEFT_OUT.iter().any(|left_out| match left_out.ends_with(['.', '_', '-']) {
                true => key.starts_with(left_out),
                false => key == *left_out,
            })
        };
        match &self.only {
            _ if self.without.contains(key) => false,
            Some(only) => only.contains(key),
            None => !is_left_out(),
        }
    }
}
