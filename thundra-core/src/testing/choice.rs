//! The chosen parts of spans in a snapshot.

use std::collections::BTreeSet;

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

/// The attributes to show, and the order of the spans.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// The attributes to show with the unchanged value.
    pub(super) with: BTreeSet<String>,
    pub(super) without: BTreeSet<String>,
    pub(super) only: Option<BTreeSet<String>>,
    /// `true` for spans with the same parent in the order of the starts.
    pub(super) by_start: bool,
}

impl Choice {
    /// Returns `true` for an attribute to show with the unchanged value.
    pub(super) fn shows(&self, key: &str) -> bool {
        self.with.contains(key)
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
