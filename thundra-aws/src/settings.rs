//! The settings of Lambda functions and AWS clients, the variables of the settings, and the resource of a Lambda
//! function.

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use thundra_core::config::{Reader, Section, Variable, read_section};
use thundra_core::{Config, ConfigProblem, Env, Levels, LogFormat, Signal, TemporalityPreference, Value, semconv};

use crate::cloudwatch::takes_another_signal;
use crate::emf::{self, EmfSettings};
use crate::payload_patterns::{self, Pattern, PayloadPatterns};
use crate::platform::InitializationType;
use crate::remote_config::{self, RemoteConfig};

/// The margin before the deadline: enough to send a few megabytes within a region over a new connection.
const DEFAULT_TIMEOUT_MARGIN: Duration = Duration::from_millis(100);

const LOG_LEVELS: &str = "one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL";

thundra_core::variables! {
    /// The variables of the crate.
    #[doc(hidden)]
    pub const VARIABLES;

    CONFIG = "THUNDRA_CONFIG" {
        form: remote_config::FORM,
        default: "",
        meaning: "The parameter of SSM with [settings that change without a redeploy](#settings-without-a-redeploy). Needs \
                  the feature `remote-config`.",
    }
    INJECT_PAYLOAD = "THUNDRA_INJECT_PAYLOAD" {
        form: payload_patterns::FORM,
        default: payload_patterns::DEFAULT,
        meaning: "The JSON payloads to write context into, by service and target; `!` excludes.",
    }
    BATCH_SPANS = "THUNDRA_BATCH_SPANS" {
        form: "one of parent, link",
        default: "`parent`",
        meaning: "The parent of a record's span: its producer, or with `link` the invocation, linked to the producer.",
    }
    MAX_CHAIN_LENGTH = "THUNDRA_MAX_CHAIN_LENGTH" {
        form: "a whole number from 1 to 4294967295",
        default: "no limit",
        meaning: "The longest [chain of calls](#loops) that runs, in programs. The handler is not called for a longer one.",
    }
    WARMUP = "THUNDRA_WARMUP" {
        form: "one of on, off",
        default: "`off`",
        meaning: "With `on`, [pings that keep the function warm](#warm-up) are answered without the handler.",
    }
    MESSAGE_SPANS = "THUNDRA_MESSAGE_SPANS" {
        form: "one of send, create",
        default: "`send`",
        meaning: "The sender of a batch's messages: the span of the call, or with `create` a span of each message.",
    }
    QUEUE_SPANS = "THUNDRA_QUEUE_SPANS" {
        form: "one of attribute, span, off",
        default: "`attribute`",
        meaning: "The time that a message waited for its processing: an attribute, with `span` a [span](#time-in-the-queue) \
                  too.",
    }
    SHUTDOWN = "THUNDRA_SHUTDOWN" {
        form: "one of on, off",
        default: "`off`",
        meaning: "With `on`, what waits when Lambda ends the environment is exported. Needs the feature `shutdown`.",
    }
    METRICS_NAMESPACE = "THUNDRA_METRICS_NAMESPACE" {
        form: "letters, digits, spaces and .-_/#:, up to 255; `AWS/` begins none",
        default: "the name of the service",
        meaning: "The CloudWatch namespace of metrics in the embedded metric format.",
    }
    TIMEOUT_MARGIN = "THUNDRA_TIMEOUT_MARGIN" {
        form: "a time with a unit, such as 100ms or 1s; or 0",
        default: "`100ms`",
        meaning: "The time before the deadline at which an invocation is exported, with spans still open. `0` turns this off.",
    }
    LOG_FORMAT = "AWS_LAMBDA_LOG_FORMAT" {
        form: "one of JSON, Text",
        default: "`JSON` in Lambda, `Text` elsewhere",
        meaning: "The form of log lines without `THUNDRA_LOG_FORMAT`, set by Lambda from the settings of the function.",
    }
    CAPTURE_PAYLOADS = "THUNDRA_CAPTURE_PAYLOADS" {
        form: "one of errors, always, off",
        default: "`off`",
        meaning: "The invocations whose event is written to standard error, [masked](#masked-keys), to be \
                  [run again](#captured-events): those that failed, or all.",
    }
    LOG_LEVEL = "AWS_LAMBDA_LOG_LEVEL" {
        form: LOG_LEVELS,
        default: "`INFO`",
        meaning: "The levels of written log events without `RUST_LOG`, set by Lambda from the settings of the function.",
    }
}

/// The settings of Lambda functions and AWS clients.
///
/// Installing telemetry reads the settings from the environment, unless code sets them on the builder of the telemetry.
///
/// # Examples
///
/// ```
/// use thundra_aws::{BatchSpans, Settings};
/// use thundra_core::Env;
///
/// let mut settings = Settings::from_env(&Env::process());
/// settings.batch_spans = BatchSpans::Link;
/// settings.inject_payload = "kinesis:orders-*".parse()?;
/// # Ok::<(), thundra_aws::InvalidPayloadPattern>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The document with settings that change without a redeploy (feature `remote-config`); `None`, the default, for
    /// none.
    pub remote_config: Option<RemoteConfig>,
    /// The JSON payloads to write context into.
    pub inject_payload: PayloadPatterns,
    /// The parent of a record's span.
    pub batch_spans: BatchSpans,
    /// The length limit of chains of calls, in programs, including the running program. For an event at the end of a
    /// longer chain, the handler is not called, and the response is an error. A record of a [batch](crate::batch) fails
    /// alone. Defaults to `None`, no limit.
    pub max_chain_length: Option<NonZeroU32>,
    /// `true` to answer the pings that keep a function warm, without the handler.
    pub warmup: bool,
    /// The span to name as the sender of a batch's messages.
    pub message_spans: MessageSpans,
    /// The recording of the time between the sending and the processing of a message.
    pub queue_spans: QueueSpans,
    /// `true` to export waiting records when Lambda ends the environment (feature `shutdown`).
    pub shutdown: bool,
    /// The time before the deadline at which a running invocation is exported, as timed out and with the spans still
    /// open. Zero turns the export off. Defaults to 100 ms. Where a function has less time than a quarter more than the
    /// margin, the invocations are not exported early.
    pub timeout_margin: Duration,
    /// The form of log lines, unless `THUNDRA_LOG_FORMAT` or the configuration sets the form.
    pub log_format: Option<LogFormat>,
    /// The invocations with an event written to standard error.
    pub capture_payloads: CapturePayloads,
    /// Metrics in CloudWatch's embedded metric format.
    pub emf: EmfSettings,
    /// The levels of log events, unless `RUST_LOG` or the configuration sets the levels.
    pub log: Option<Levels>,
}

/// The parent of a record's span, from the variable `THUNDRA_BATCH_SPANS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BatchSpans {
    /// The span of the record's producer. The trace of the request goes on.
    #[default]
    Parent,
    /// The span of the invocation, linked to the producer.
    Link,
}

/// The span named as the sender of a batch's messages, from the variable `THUNDRA_MESSAGE_SPANS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MessageSpans {
    /// The span of the call, for all messages.
    #[default]
    Send,
    /// A `create` span for each message, linked to the span of the call.
    Create,
}

/// The recording of the time between the sending and the processing of a message, from the variable
/// `THUNDRA_QUEUE_SPANS`.
///
/// The [configuration page](crate::configuration#time-in-the-queue) defines the waiting time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum QueueSpans {
    /// The attribute `thundra.queue.time_ms`.
    #[default]
    Attribute,
    /// The attribute, and a span between the producer and the processing.
    Span,
    /// Nothing.
    Off,
}

/// The invocations with an event written to standard error, from the variable `THUNDRA_CAPTURE_PAYLOADS`.
///
/// The line has the event with the values of secret keys masked, and runs the same program again locally. The
/// [configuration page](crate::configuration#captured-events) says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CapturePayloads {
    /// None.
    #[default]
    Off,
    /// Failed invocations: by an error, a panic, a status of 500 or more, a timeout, an unreadable event, or failed
    /// records of a batch.
    Errors,
    /// All.
    Always,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            remote_config: None,
            inject_payload: PayloadPatterns::default(),
            batch_spans: BatchSpans::default(),
            max_chain_length: None,
            warmup: false,
            message_spans: MessageSpans::default(),
            queue_spans: QueueSpans::default(),
            shutdown: false,
            timeout_margin: DEFAULT_TIMEOUT_MARGIN,
            log_format: None,
            capture_payloads: CapturePayloads::default(),
            emf: EmfSettings::default(),
            log: None,
        }
    }
}

impl Settings {
    /// Reads the settings, and reports each invalid value on standard error.
    pub fn from_env(env: &Env) -> Self {
        let (settings, problems) = Self::read(env);
        thundra_core::config::report(&problems);
        settings
    }

    /// Reads the settings, and returns a problem for each invalid value.
    pub fn read(env: &Env) -> (Self, Vec<ConfigProblem>) {
        read_section(env)
    }

    /// Returns the section of a configuration, or the settings of the process.
    pub(crate) fn of(config: &Config) -> &Self {
        config.section().unwrap_or_else(|| settings())
    }
}

impl Section for Settings {
    const VARIABLES: &'static [Variable] = VARIABLES;
    const IS_LAST: bool = true;

    fn read(reader: &mut Reader<'_>) -> Self {
        let patterns = reader.items(&INJECT_PAYLOAD, Pattern::parse);
        Settings {
            remote_config: reader.parsed(&CONFIG),
            inject_payload: patterns.map_or_else(PayloadPatterns::default, PayloadPatterns::from_patterns),
            batch_spans: reader
                .one_of(&BATCH_SPANS, &[("parent", BatchSpans::Parent), ("link", BatchSpans::Link)])
                .unwrap_or_default(),
            max_chain_length: reader.parsed(&MAX_CHAIN_LENGTH),
            warmup: reader.one_of(&WARMUP, &[("on", true), ("off", false)]).unwrap_or_default(),
            message_spans: reader
                .one_of(&MESSAGE_SPANS, &[("send", MessageSpans::Send), ("create", MessageSpans::Create)])
                .unwrap_or_default(),
            queue_spans: reader
                .one_of(
                    &QUEUE_SPANS,
                    &[("attribute", QueueSpans::Attribute), ("span", QueueSpans::Span), ("off", QueueSpans::Off)],
                )
                .unwrap_or_default(),
            shutdown: reader.one_of(&SHUTDOWN, &[("on", true), ("off", false)]).unwrap_or_default(),
            timeout_margin: reader.duration(&TIMEOUT_MARGIN).unwrap_or(DEFAULT_TIMEOUT_MARGIN),
            log_format: reader.one_of(&LOG_FORMAT, &[("json", LogFormat::JSON), ("text", LogFormat::TEXT)]),
            capture_payloads: reader
                .one_of(
                    &CAPTURE_PAYLOADS,
                    &[
                        ("errors", CapturePayloads::Errors),
                        ("always", CapturePayloads::Always),
                        ("off", CapturePayloads::Off),
                    ],
                )
                .unwrap_or_default(),
            emf: EmfSettings { namespace: namespace(reader), ..EmfSettings::default() },
            log: log_levels(reader),
        }
    }

    fn complete(&self, config: &mut Config) {
        let detected = function(config.env());
        config.resource.add_detected(detected);
        config.log_format = Some(log_format(self.log_format, config));
        config.log = config.log.take().or_else(|| self.log.clone());
        for (signal, otlp) in [(Signal::Logs, &mut config.otlp.logs), (Signal::Metrics, &mut config.otlp.metrics)] {
            // The endpoint of all signals is perhaps an endpoint of AWS, such as X-Ray's.
            otlp.endpoint.take_if(|address| takes_another_signal(address, signal));
        }
        if config.env().get("AWS_LAMBDA_RUNTIME_API").is_some() {
            // A function's process is one of many, and lives for an unknown time.
            config.metrics_temporality.get_or_insert(TemporalityPreference::Delta);
        }
    }
}

/// Returns the form of log lines. Outside Lambda, a person runs the function by hand and reads the lines. Lambda's
/// managed instances take JSON alone.
fn log_format(of_lambda: Option<LogFormat>, config: &Config) -> LogFormat {
    let env = config.env();
    let by_default = if env.get("AWS_LAMBDA_RUNTIME_API").is_some() { LogFormat::JSON } else { LogFormat::TEXT };
    let format = config.log_format.or(of_lambda).unwrap_or(by_default);
    match InitializationType::of(env) {
        InitializationType::ManagedInstances => format.for_programs(),
        _ => format,
    }
}

/// Reads the namespace of metrics.
fn namespace(reader: &mut Reader<'_>) -> Option<String> {
    let name = reader.text(&METRICS_NAMESPACE)?;
    if emf::is_namespace(&name) {
        return Some(name);
    }
    reader.not_accepted(&METRICS_NAMESPACE, &name);
    None
}

/// Reads the log level of a function. A single word must be a level, because Lambda has no targets. A list may name
/// targets, as in `RUST_LOG`.
fn log_levels(reader: &mut Reader<'_>) -> Option<Levels> {
    let value = reader.text(&LOG_LEVEL)?;
    if value.contains(['=', ',']) {
        return reader.levels(&LOG_LEVEL);
    }
    let levels = ["trace", "debug", "info", "warn", "error", "fatal"].map(|level| (level, level));
    reader.one_of(&LOG_LEVEL, &levels)?.parse().ok()
}

/// Returns the resource attributes of a Lambda function; empty elsewhere.
fn function(env: &Env) -> Vec<(String, Value)> {
    let Some(name) = env.get("AWS_LAMBDA_FUNCTION_NAME") else { return Vec::new() };
    let text = |name: &str| env.get(name).map(Value::from);
    let list = |name: &str| env.get(name).map(|text| Value::from(vec![text]));
    let bytes = |size: String| size.parse::<i64>().ok().map(|megabytes| Value::I64(megabytes.saturating_mul(1 << 20)));
    let attributes = [
        (semconv::SERVICE_NAME, Some(name.clone().into())),
        (semconv::CLOUD_PROVIDER, Some("aws".into())),
        (semconv::CLOUD_PLATFORM, Some("aws_lambda".into())),
        (semconv::FAAS_NAME, Some(name.into())),
        (semconv::CLOUD_REGION, text("AWS_REGION")),
        (semconv::FAAS_VERSION, text("AWS_LAMBDA_FUNCTION_VERSION")),
        (semconv::FAAS_INSTANCE, text("AWS_LAMBDA_LOG_STREAM_NAME")),
        (semconv::FAAS_MAX_MEMORY, env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(bytes)),
        (semconv::AWS_LOG_GROUP_NAMES, list("AWS_LAMBDA_LOG_GROUP_NAME")),
        (semconv::AWS_LOG_STREAM_NAMES, list("AWS_LAMBDA_LOG_STREAM_NAME")),
    ];
    attributes.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// Returns the settings of the process, as installed or, before an installation, as the environment has them.
#[cfg_attr(not(any(feature = "batch", feature = "sdk")), allow(dead_code))]
pub(crate) fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(thundra_core::settings)
}

#[cfg(test)]
mod tests;
