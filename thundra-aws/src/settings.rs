//! The settings of this crate, and what a Lambda function's environment tells.

use std::sync::OnceLock;

use thundra_core::config::{Reader, Section, Variable, read_section};
use thundra_core::{Config, ConfigProblem, Env, Levels, Value, semconv};

use crate::payload_patterns::{self, Pattern, PayloadPatterns};

const LOG_LEVELS: &str = "one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL";

thundra_core::variables! {
    /// The variables that this crate reads.
    #[doc(hidden)]
    pub const VARIABLES;

    INJECT_PAYLOAD = "THUNDRA_INJECT_PAYLOAD" {
        form: payload_patterns::FORM,
        default: "`kinesis,eventbridge,lambda,stepfunctions`",
        meaning: "The JSON payloads that context may be written into, by service and target; `!` excludes.",
    }
    BATCH_SPANS = "THUNDRA_BATCH_SPANS" {
        form: "one of parent, link",
        default: "`parent`",
        meaning: "The parent of a record's span: its producer, or with `link` the invocation, linked to the producer.",
    }
    MESSAGE_SPANS = "THUNDRA_MESSAGE_SPANS" {
        form: "one of send, create",
        default: "`send`",
        meaning: "The sender that the messages of a batch name: the span of the call, or with `create` a span for each.",
    }
    LOG_LEVEL = "AWS_LAMBDA_LOG_LEVEL" {
        form: LOG_LEVELS,
        default: "`INFO`",
        meaning: "The levels of log events where `RUST_LOG` is not set. Lambda sets it from the function's settings.",
    }
}

/// The settings of Lambda functions and AWS clients.
///
/// A program reads them from the environment when its telemetry is installed, or sets them in code.
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
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The JSON payloads that context may be written into.
    pub inject_payload: PayloadPatterns,
    /// The parent of a record's span.
    pub batch_spans: BatchSpans,
    /// The sender that the messages of a batch name.
    pub message_spans: MessageSpans,
    /// The levels of log events where the configuration has none.
    pub log: Option<Levels>,
}

/// The parent of a record's span: the variable `THUNDRA_BATCH_SPANS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BatchSpans {
    /// The span of the record's producer, in its trace: the trace of the request goes on.
    #[default]
    Parent,
    /// The span of the invocation, linked to the producer.
    Link,
}

/// The sender that the messages of a batch name: the variable `THUNDRA_MESSAGE_SPANS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MessageSpans {
    /// The span of the call, for all of them.
    #[default]
    Send,
    /// A `create` span for each message, linked to the span of the call.
    Create,
}

impl Settings {
    /// Reads the settings, and reports each value that is not used on standard error.
    pub fn from_env(env: &Env) -> Self {
        let (settings, problems) = Self::read(env);
        thundra_core::config::report(&problems);
        settings
    }

    /// Reads the settings, and returns a problem for each value that is not used.
    pub fn read(env: &Env) -> (Self, Vec<ConfigProblem>) {
        read_section(env)
    }

    /// Returns the settings that belong to a configuration: its own, else those of this process.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
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
            inject_payload: patterns.map_or_else(PayloadPatterns::default, |items| items.into_iter().collect()),
            batch_spans: reader
                .one_of(&BATCH_SPANS, &[("parent", BatchSpans::Parent), ("link", BatchSpans::Link)])
                .unwrap_or_default(),
            message_spans: reader
                .one_of(&MESSAGE_SPANS, &[("send", MessageSpans::Send), ("create", MessageSpans::Create)])
                .unwrap_or_default(),
            log: log_levels(reader),
        }
    }

    fn complete(&self, config: &mut Config) {
        let detected = function(config.env());
        config.resource.add_detected(detected);
        config.log = config.log.take().or_else(|| self.log.clone());
    }
}

/// Reads Lambda's log level. The word must be a level: Lambda knows no targets. A list may have them, as `RUST_LOG`.
fn log_levels(reader: &mut Reader<'_>) -> Option<Levels> {
    let value = reader.text(&LOG_LEVEL)?;
    if value.contains(['=', ',']) {
        return reader.levels(&LOG_LEVEL);
    }
    let levels = ["trace", "debug", "info", "warn", "error", "fatal"].map(|level| (level, level));
    reader.one_of(&LOG_LEVEL, &levels)?.parse().ok()
}

/// Returns the resource attributes of a Lambda function; none elsewhere.
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

/// Returns the settings of this process: those that code has set, else the environment's.
#[cfg_attr(not(any(feature = "batch", feature = "sdk")), allow(dead_code))]
pub(crate) fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(thundra_core::settings)
}

#[cfg(test)]
mod tests;
