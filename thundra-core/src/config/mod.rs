//! The configuration, read once from the environment into plain data.
//!
//! Precedence: code, `THUNDRA_*`, `OTEL_*`, default. A bad value falls back to its default and is
//! reported once; nothing here fails.

use std::fmt;
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::filter::Targets;

use crate::propagation::Propagators;
use crate::resource::{Resource, percent_decode};
use crate::{Env, Sampler, diagnostics, escape, redact};

/// The variables that are read, in the order of the README's table.
pub(crate) mod names {
    pub(crate) const SDK_DISABLED: &str = "OTEL_SDK_DISABLED";
    pub(crate) const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
    pub(crate) const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
    pub(crate) const PROPAGATORS: &str = "OTEL_PROPAGATORS";
    pub(crate) const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
    pub(crate) const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";
    pub(crate) const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
    pub(crate) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    pub(crate) const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    pub(crate) const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    pub(crate) const TRACES_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
    pub(crate) const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
    pub(crate) const TRACES_HEADERS: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
    pub(crate) const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
    pub(crate) const TRACES_TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT";
    pub(crate) const COMPRESSION: &str = "OTEL_EXPORTER_OTLP_COMPRESSION";
    pub(crate) const TRACES_COMPRESSION: &str = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION";
    pub(crate) const ATTRIBUTE_VALUE_LENGTH: &str = "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT";
    pub(crate) const ATTRIBUTE_COUNT: &str = "OTEL_ATTRIBUTE_COUNT_LIMIT";
    pub(crate) const SPAN_ATTRIBUTE_VALUE_LENGTH: &str = "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT";
    pub(crate) const SPAN_ATTRIBUTE_COUNT: &str = "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT";
    pub(crate) const SPAN_EVENT_COUNT: &str = "OTEL_SPAN_EVENT_COUNT_LIMIT";
    pub(crate) const SPAN_LINK_COUNT: &str = "OTEL_SPAN_LINK_COUNT_LIMIT";
    pub(crate) const KNOWN_METHODS: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
    pub(crate) const CLIENT_REQUEST_HEADERS: &str = "OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS";
    pub(crate) const CLIENT_RESPONSE_HEADERS: &str = "OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS";
    pub(crate) const SERVER_REQUEST_HEADERS: &str = "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS";
    pub(crate) const SERVER_RESPONSE_HEADERS: &str = "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS";
    pub(crate) const SPANS: &str = "THUNDRA_SPANS";
    pub(crate) const MAX_SPANS: &str = "THUNDRA_MAX_SPANS";
    pub(crate) const TRUST: &str = "THUNDRA_TRUST";
    pub(crate) const PROPAGATE_HOSTS: &str = "THUNDRA_PROPAGATE_HOSTS";
    pub(crate) const INJECT_PAYLOAD: &str = "THUNDRA_INJECT_PAYLOAD";
    pub(crate) const BATCH_SPANS: &str = "THUNDRA_BATCH_SPANS";
    pub(crate) const MESSAGE_SPANS: &str = "THUNDRA_MESSAGE_SPANS";
    pub(crate) const LOG: &str = "RUST_LOG";
    pub(crate) const LAMBDA_LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
}

/// Every variable that these crates read for their configuration.
pub const VARIABLES: &[&str] = &[
    names::SDK_DISABLED,
    names::SERVICE_NAME,
    names::RESOURCE_ATTRIBUTES,
    names::PROPAGATORS,
    names::SAMPLER,
    names::SAMPLER_ARG,
    names::EXPORTER,
    names::ENDPOINT,
    names::TRACES_ENDPOINT,
    names::PROTOCOL,
    names::TRACES_PROTOCOL,
    names::HEADERS,
    names::TRACES_HEADERS,
    names::TIMEOUT,
    names::TRACES_TIMEOUT,
    names::COMPRESSION,
    names::TRACES_COMPRESSION,
    names::ATTRIBUTE_VALUE_LENGTH,
    names::ATTRIBUTE_COUNT,
    names::SPAN_ATTRIBUTE_VALUE_LENGTH,
    names::SPAN_ATTRIBUTE_COUNT,
    names::SPAN_EVENT_COUNT,
    names::SPAN_LINK_COUNT,
    names::KNOWN_METHODS,
    names::CLIENT_REQUEST_HEADERS,
    names::CLIENT_RESPONSE_HEADERS,
    names::SERVER_REQUEST_HEADERS,
    names::SERVER_RESPONSE_HEADERS,
    names::SPANS,
    names::MAX_SPANS,
    names::TRUST,
    names::PROPAGATE_HOSTS,
    names::INJECT_PAYLOAD,
    names::BATCH_SPANS,
    names::MESSAGE_SPANS,
    names::LOG,
    names::LAMBDA_LOG_LEVEL,
];

/// The longest that is waited for a collector, where the variable sets no limit.
const MAX_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// The longest part of a bad value that is shown.
const MAX_SHOWN_BYTES: usize = 64;

/// The HTTP methods that spans are named after, the frequent ones first.
const METHODS: [&str; 10] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"];

/// How spans leave the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExporterKind {
    /// OTLP over HTTP.
    Otlp,
    /// One line per invocation on standard output.
    Stdout,
    /// A tree for people on standard error.
    Console,
}

/// How OTLP requests are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// `http/protobuf`.
    #[default]
    Protobuf,
    /// `http/json`.
    Json,
}

/// Where and how OTLP requests are sent.
///
/// `Debug` shows neither the values of headers nor credentials and query values in the endpoint.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct OtlpConfig {
    /// The full address of the traces endpoint; `None` when none is configured. A user and a password in it are sent as
    /// `Authorization: Basic`, unless [`headers`](Self::headers) has an `authorization`.
    pub endpoint: Option<String>,
    /// The encoding. Defaults to protobuf.
    pub protocol: OtlpProtocol,
    /// Headers sent with each request.
    pub headers: Vec<(String, String)>,
    /// The longest that a flush may take, retries included. Defaults to 10 s; at most an hour, which also stands for the
    /// variable's `0`, [no limit](https://opentelemetry.io/docs/specs/otel/configuration/common/#timeout).
    pub timeout: Duration,
    /// The longest that one attempt may take. Defaults to 2 s, or to the timeout where that is configured.
    pub attempt_timeout: Duration,
    /// Whether requests are compressed (gzip). Defaults to no.
    pub gzip: bool,
}

impl OtlpConfig {
    /// Returns the timeout of a flush, which code may have set to more than a clock can add.
    #[doc(hidden)]
    pub fn flush_limit(&self) -> Duration {
        self.timeout.min(MAX_TIMEOUT)
    }

    /// Returns the timeout of an attempt, as [`flush_limit`](Self::flush_limit) does.
    #[doc(hidden)]
    pub fn attempt_limit(&self) -> Duration {
        self.attempt_timeout.min(MAX_TIMEOUT)
    }
}

impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OtlpConfig { endpoint, protocol, headers, timeout, attempt_timeout, gzip } = self;
        let names: Vec<_> = headers.iter().map(|(name, _)| redact::text(name.as_str())).collect();
        f.debug_struct("OtlpConfig")
            .field("endpoint", &endpoint.as_deref().map(redact::text))
            .field("protocol", protocol)
            .field("headers", &names)
            .field("timeout", timeout)
            .field("attempt_timeout", attempt_timeout)
            .field("gzip", gzip)
            .finish()
    }
}

/// What a span may hold; what is over is dropped and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Attributes of a span. Defaults to 128.
    pub attributes: u32,
    /// Events of a span. Defaults to 128.
    pub events: u32,
    /// Links of a span. Defaults to 128.
    pub links: u32,
    /// Characters of an attribute's text; `None` for no limit, the default.
    pub value_length: Option<usize>,
    /// Spans recorded in one invocation. Defaults to 10,000.
    pub spans: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { attributes: 128, events: 128, links: 128, value_length: None, spans: 10_000 }
    }
}

/// Which HTTP headers become attributes, by their lower-case names. Defaults to none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapturedHeaders {
    /// Of requests that are sent.
    pub client_request: Vec<String>,
    /// Of the answers to them.
    pub client_response: Vec<String>,
    /// Of requests that are received.
    pub server_request: Vec<String>,
    /// Of the answers to them.
    pub server_response: Vec<String>,
}

/// Where the records of a batch belong: the variable `THUNDRA_BATCH_SPANS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BatchSpans {
    /// Each record in its producer's trace, as that span's child: the request's trace goes on.
    #[default]
    Parent,
    /// All records in the invocation's trace, linked to their producers.
    Link,
}

/// Whose span the messages of a batch name as their sender: the variable `THUNDRA_MESSAGE_SPANS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MessageSpans {
    /// That of the call, for all of them.
    #[default]
    Send,
    /// Each one a `create` span of its own, to which the call's is linked.
    Create,
}

/// The configuration of these crates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `OTEL_SDK_DISABLED`: nothing is recorded; ids still travel.
    pub disabled: bool,
    /// What is said about this program with every export.
    pub resource: Resource,
    /// The formats read and written.
    pub propagators: Propagators,
    /// The head decision.
    pub sampler: Sampler,
    /// The exporters asked for; `None` when nothing was said, so that the place of work decides.
    pub exporters: Option<Vec<ExporterKind>>,
    /// OTLP settings.
    pub otlp: OtlpConfig,
    /// What a span and an invocation may hold.
    pub limits: Limits,
    /// Which spans are recorded. Defaults to all at INFO and above.
    pub spans: Targets,
    /// `THUNDRA_TRUST=all`: the public edge is trusted like a queue.
    pub trust_all: bool,
    /// Hosts beyond our own network that get correlation ids and baggage.
    pub propagate_hosts: Vec<String>,
    /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`: the HTTP methods that spans are named after, in their case; any
    /// other is `_OTHER`. Defaults to those of RFC 9110, `PATCH` and `QUERY`.
    pub known_methods: Vec<String>,
    /// `OTEL_INSTRUMENTATION_HTTP_…_CAPTURE_…_HEADERS`: the headers that become attributes.
    pub captured_headers: CapturedHeaders,
    /// Where payloads may be written: patterns `service`, `service:target*`, with `!` to exclude.
    pub inject_payload: Vec<String>,
    /// Where the records of a batch belong.
    pub batch_spans: BatchSpans,
    /// Whose span the messages of a batch name as their sender.
    pub message_spans: MessageSpans,
    /// Which log events are written. Defaults to INFO and above.
    pub log: Targets,
}

impl Config {
    /// Reads the configuration. Bad values and unknown `THUNDRA_*` variables are reported on standard
    /// error, once each.
    pub fn from_env(env: &Env) -> Self {
        let (config, problems) = Self::read(env);
        for problem in problems {
            diagnostics::once(&problem, &problem);
        }
        config
    }

    /// The configuration, and one sentence for each value that could not be used.
    pub fn read(env: &Env) -> (Self, Vec<String>) {
        let mut reader = Reader { env, problems: Vec::new() };
        let config = reader.config();
        reader.unreadable_variables();
        reader.unknown_variables();
        (config, reader.problems)
    }
}

struct Reader<'a> {
    env: &'a Env,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn config(&mut self) -> Config {
        let value_length = self.number(names::ATTRIBUTE_VALUE_LENGTH);
        let attributes = self.number(names::ATTRIBUTE_COUNT);
        let default = Limits::default();
        let limits = Limits {
            attributes: self.number(names::SPAN_ATTRIBUTE_COUNT).or(attributes).unwrap_or(default.attributes),
            events: self.number(names::SPAN_EVENT_COUNT).unwrap_or(default.events),
            links: self.number(names::SPAN_LINK_COUNT).unwrap_or(default.links),
            value_length: self.number(names::SPAN_ATTRIBUTE_VALUE_LENGTH).or(value_length),
            spans: self.number(names::MAX_SPANS).unwrap_or(default.spans),
        };
        Config {
            disabled: self.one_of(names::SDK_DISABLED, &[("true", true), ("false", false)]).unwrap_or(false),
            resource: self.resource(),
            propagators: self.propagators(),
            sampler: self.sampler(),
            exporters: self.exporters(),
            otlp: self.otlp(),
            limits,
            spans: self.targets(names::SPANS),
            trust_all: self.one_of(names::TRUST, &[("all", true), ("edge", false)]).unwrap_or(false),
            propagate_hosts: self.hosts(),
            known_methods: self
                .items(names::KNOWN_METHODS, is_token, "a list of methods such as GET,POST")
                .unwrap_or_else(|| METHODS.map(str::to_owned).to_vec()),
            captured_headers: CapturedHeaders {
                client_request: self.headers(names::CLIENT_REQUEST_HEADERS),
                client_response: self.headers(names::CLIENT_RESPONSE_HEADERS),
                server_request: self.headers(names::SERVER_REQUEST_HEADERS),
                server_response: self.headers(names::SERVER_RESPONSE_HEADERS),
            },
            inject_payload: self
                .items(
                    names::INJECT_PAYLOAD,
                    is_payload_pattern,
                    "a list such as kinesis,lambda:orders-*,!kinesis:lake-*; or none",
                )
                .unwrap_or_else(|| ["kinesis", "eventbridge", "lambda", "stepfunctions"].map(str::to_owned).to_vec()),
            batch_spans: self
                .one_of(names::BATCH_SPANS, &[("parent", BatchSpans::Parent), ("link", BatchSpans::Link)])
                .unwrap_or_default(),
            message_spans: self
                .one_of(names::MESSAGE_SPANS, &[("send", MessageSpans::Send), ("create", MessageSpans::Create)])
                .unwrap_or_default(),
            log: self.log(),
        }
    }

    fn resource(&mut self) -> Resource {
        let attributes = self.pairs(names::RESOURCE_ATTRIBUTES, percent_decode).unwrap_or_default();
        Resource::detect(self.env, attributes, self.env.get(names::SERVICE_NAME))
    }

    fn propagators(&mut self) -> Propagators {
        let Some(list) = self.list(names::PROPAGATORS) else { return Propagators::default() };
        let mut formats = Propagators::NONE;
        let mut is_known = false;
        for name in list {
            match name.to_ascii_lowercase().as_str() {
                "tracecontext" => formats.tracecontext = true,
                "baggage" => formats.baggage = true,
                "xray" => formats.xray = true,
                "xray-lambda" => (formats.xray, formats.xray_lambda) = (true, true),
                "correlation" => formats.correlation = true,
                "none" => {}
                _ => {
                    self.bad(
                        names::PROPAGATORS,
                        &name,
                        "a list of tracecontext, baggage, xray, xray-lambda, correlation; or none",
                    );
                    continue;
                }
            }
            is_known = true;
        }
        if is_known { formats } else { Propagators::default() }
    }

    fn sampler(&mut self) -> Sampler {
        let ratio = match self.env.get(names::SAMPLER_ARG) {
            Some(arg) => match arg.parse::<f64>() {
                Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
                _ => {
                    self.bad(names::SAMPLER_ARG, &arg, "a number from 0 to 1");
                    1.0
                }
            },
            None => 1.0,
        };
        self.one_of(
            names::SAMPLER,
            &[
                ("always_on", Sampler::ratio(1.0)),
                ("always_off", Sampler::ratio(0.0)),
                ("traceidratio", Sampler::ratio(ratio)),
                ("parentbased_always_on", Sampler::ratio(1.0).parent_based()),
                ("parentbased_always_off", Sampler::ratio(0.0).parent_based()),
                ("parentbased_traceidratio", Sampler::ratio(ratio).parent_based()),
            ],
        )
        .unwrap_or_default()
    }

    fn exporters(&mut self) -> Option<Vec<ExporterKind>> {
        let mut exporters = Vec::new();
        for name in self.list(names::EXPORTER)? {
            let kind = match name.to_ascii_lowercase().as_str() {
                "otlp" => ExporterKind::Otlp,
                "stdout" => ExporterKind::Stdout,
                "console" => ExporterKind::Console,
                "none" => continue,
                _ => {
                    self.bad(names::EXPORTER, &name, "a list of otlp, stdout, console; or none");
                    return None;
                }
            };
            if !exporters.contains(&kind) {
                exporters.push(kind);
            }
        }
        Some(exporters)
    }

    fn otlp(&mut self) -> OtlpConfig {
        let endpoint = self.url(names::TRACES_ENDPOINT);
        let endpoint = endpoint.or_else(|| Some(traces_endpoint(&self.url(names::ENDPOINT)?)));
        let timeout = self.first([names::TRACES_TIMEOUT, names::TIMEOUT], Self::number);
        let timeout = timeout.map(|milliseconds| match milliseconds {
            0 => MAX_TIMEOUT,
            milliseconds => Duration::from_millis(milliseconds).min(MAX_TIMEOUT),
        });
        OtlpConfig {
            endpoint,
            protocol: self
                .first([names::TRACES_PROTOCOL, names::PROTOCOL], |reader, name| {
                    reader.one_of(name, &[("http/protobuf", OtlpProtocol::Protobuf), ("http/json", OtlpProtocol::Json)])
                })
                .unwrap_or_default(),
            headers: self
                .first([names::TRACES_HEADERS, names::HEADERS], |reader, name| reader.pairs(name, header_name))
                .unwrap_or_default(),
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            attempt_timeout: timeout.unwrap_or(Duration::from_secs(2)),
            gzip: self
                .first([names::TRACES_COMPRESSION, names::COMPRESSION], |reader, name| {
                    reader.one_of(name, &[("gzip", true), ("none", false)])
                })
                .unwrap_or(false),
        }
    }

    /// The variable for traces, else the one for all signals.
    fn first<T>(&mut self, [specific, general]: [&str; 2], read: impl Fn(&mut Self, &str) -> Option<T>) -> Option<T> {
        read(self, specific).or_else(|| read(self, general))
    }

    fn url(&mut self, name: &str) -> Option<String> {
        let value = self.env.get(name)?;
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| {
            let (start, rest) = value.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        if rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#'])) {
            return Some(value);
        }
        self.unused(name, "it takes an address that starts with http:// or https://");
        None
    }

    /// `RUST_LOG`, else the level that is set on the Lambda function, where a word that is no level is no target either.
    fn log(&mut self) -> Targets {
        let name = if self.env.get(names::LOG).is_some() { names::LOG } else { names::LAMBDA_LOG_LEVEL };
        let is_word = |value: String| !value.contains(['=', ',']);
        if name == names::LOG || !self.env.get(name).is_some_and(is_word) {
            return self.targets(name);
        }
        let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", FATAL].map(|level| (level, level));
        let level = self.one_of(name, &levels).and_then(|level| level_named(level).parse::<Level>().ok());
        Targets::new().with_default(level.unwrap_or(Level::INFO))
    }

    /// Targets syntax, with INFO where nothing more exact is said: naming one target takes nothing from
    /// the others.
    fn targets(&mut self, name: &str) -> Targets {
        let default = || Targets::new().with_default(Level::INFO);
        let Some(items) = self.list(name) else { return default() };
        // An empty item would set the level of all others to ERROR.
        let value = items.join(",");
        let directives: Vec<_> = items.iter().map(|item| directive(item)).collect();
        match directives.join(",").parse::<Targets>() {
            Ok(targets) if targets.default_level().is_none() => targets.with_default(Level::INFO),
            Ok(targets) => targets,
            Err(_) => {
                self.bad(name, &value, "a level, or a list such as info,my_crate=debug,hyper=off");
                default()
            }
        }
    }

    fn number<T: TryFrom<u64>>(&mut self, name: &str) -> Option<T> {
        let value = self.env.get(name)?;
        let number = value.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let max = u64::MAX >> (u64::BITS as usize - 8 * size_of::<T>());
            self.bad(name, &value, &format!("a whole number from 0 to {max}"));
        }
        number
    }

    fn one_of<T: Clone>(&mut self, name: &str, accepted: &[(&str, T)]) -> Option<T> {
        let value = self.env.get(name)?;
        let found = accepted.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value)).map(|(_, t)| t.clone());
        if found.is_none() {
            let words: Vec<_> = accepted.iter().map(|(word, _)| *word).collect();
            self.bad(name, &value, &format!("one of {}", words.join(", ")));
        }
        found
    }

    /// The value of a list. One of nothing but separators is reported, and counts as unset.
    fn list_value(&mut self, name: &str) -> Option<String> {
        let value = self.env.get(name)?;
        if value.chars().all(|c| c == ',' || c.is_whitespace()) {
            self.unused(name, "it has nothing but separators");
            return None;
        }
        Some(value)
    }

    fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.list_value(name)?;
        Some(value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }

    /// The items of a list that can be used; the others are reported. `None` where none can.
    fn items(&mut self, name: &str, is_item: fn(&str) -> bool, accepted: &str) -> Option<Vec<String>> {
        let (items, others): (Vec<_>, Vec<_>) = self.list(name)?.into_iter().partition(|item| is_item(item));
        if !others.is_empty() {
            self.bad(name, &others.join(","), accepted);
        }
        (!items.is_empty()).then_some(items)
    }

    /// Hosts as they stand; an address that was written for one keeps no credentials.
    fn hosts(&mut self) -> Vec<String> {
        let hosts = self.list(names::PROPAGATE_HOSTS).unwrap_or_default();
        hosts.into_iter().map(|host| redact::text(host).into_owned()).collect()
    }

    fn headers(&mut self, name: &str) -> Vec<String> {
        let headers = self.items(name, is_token, "a list of header names such as content-type,x-request-id");
        let mut headers = headers.unwrap_or_default();
        headers.iter_mut().for_each(|header| header.make_ascii_lowercase());
        headers
    }

    /// `key=value,…`, with values percent-decoded; on any error the whole value is discarded, as OpenTelemetry asks.
    fn pairs(&mut self, name: &str, key: impl Fn(&str) -> Option<String>) -> Option<Vec<(String, String)>> {
        let value = self.list_value(name)?;
        let pair = |item: &str| {
            let (name, value) = item.split_once('=')?;
            Some((key(name.trim())?, percent_decode(value.trim())?)).filter(|(key, _)| !key.is_empty())
        };
        let pairs: Option<Vec<_>> = value.split(',').filter(|item| !item.trim().is_empty()).map(pair).collect();
        if pairs.is_none() {
            self.unused(name, "it takes a list such as key=value,other=value, percent-encoded");
        }
        pairs
    }

    fn bad(&mut self, name: &str, value: &str, accepted: &str) {
        // It may be meant for another variable, one of an address.
        let value = redact::text(value);
        let start = escape::cut(&value, MAX_SHOWN_BYTES);
        let more = if start.len() == value.len() { "" } else { "…" };
        self.problems.push(format!("{name}={start:?}{more} is not used: it takes {accepted}"));
    }

    /// Reports a variable whose value may hold credentials, and is not shown.
    fn unused(&mut self, name: &str, why: &str) {
        self.problems.push(format!("{name} is not used: {why}"));
    }

    fn unreadable_variables(&mut self) {
        for name in VARIABLES {
            if self.env.is_not_unicode(name) {
                self.unused(name, "it is not UTF-8");
            }
        }
    }

    fn unknown_variables(&mut self) {
        for name in self.env.names_with_prefix("THUNDRA_") {
            if VARIABLES.contains(&name.as_str()) {
                continue;
            }
            let ours = VARIABLES.iter().filter(|known| known.starts_with("THUNDRA_"));
            let nearest = ours.min_by_key(|known| distance(known, &name)).unwrap_or(&names::SPANS);
            self.problems.push(format!("{name} is not a variable of thundra; the nearest is {nearest}"));
        }
    }
}

/// The address for traces below a base: its query stays at the end, and a fragment is never sent.
fn traces_endpoint(base: &str) -> String {
    let base = base.split('#').next().unwrap_or(base);
    let (path, query) = base.find('?').map_or((base, ""), |at| base.split_at(at));
    format!("{}/v1/traces{query}", path.trim_end_matches('/'))
}

/// The name of a header, as it stands: a `%` in it is no escape.
fn header_name(name: &str) -> Option<String> {
    is_token(name).then(|| name.to_owned())
}

/// Returns true for a [token] of HTTP, as the names of headers and methods are.
///
/// [token]: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

/// Returns true for `service` and `service:target`, with `*` in both and `!` before them, and for `none`.
fn is_payload_pattern(pattern: &str) -> bool {
    const SERVICES: [&str; 5] = ["kinesis", "eventbridge", "lambda", "stepfunctions", "none"];
    let pattern = pattern.strip_prefix('!').unwrap_or(pattern);
    let (service, target) = pattern.split_once(':').unwrap_or((pattern, "*"));
    let service = service.trim();
    let is_known = service.contains('*') || SERVICES.iter().any(|known| known.eq_ignore_ascii_case(service));
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && c != ';';
    is_known && service.chars().chain(target.trim().chars()).all(legal)
}

/// The level above ERROR that Lambda's settings have, and `tracing` has not.
const FATAL: &str = "FATAL";

/// The name in `tracing` of a level: no event is above ERROR, so FATAL writes those of ERROR.
fn level_named(level: &str) -> &str {
    if level.eq_ignore_ascii_case(FATAL) { "error" } else { level }
}

/// A level, or a target and its level, with the name that `tracing` has for the level.
fn directive(item: &str) -> String {
    match item.rsplit_once('=') {
        Some((target, level)) => format!("{target}={}", level_named(level)),
        None => level_named(item).to_owned(),
    }
}

/// The edit distance of two names.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        for (y, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let next = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, next);
            left = next;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Config, Vec<String>) {
        Config::read(&Env::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn defaults_need_no_variable() {
        let (config, problems) = read(&[]);
        assert_eq!((config.limits, config.propagators, config.sampler), Default::default());
        assert_eq!((config.exporters, config.otlp.endpoint, config.disabled), (None, None, false));
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn a_bad_value_names_the_variable_the_value_and_the_form() {
        for (name, value, problem) in [
            ("OTEL_SDK_DISABLED", "yes", "OTEL_SDK_DISABLED=\"yes\" is not used: it takes one of true, false"),
            (
                "OTEL_TRACES_SAMPLER_ARG",
                "2",
                "OTEL_TRACES_SAMPLER_ARG=\"2\" is not used: it takes a number from 0 to 1",
            ),
            (
                "THUNDRA_MAX_SPANS",
                "-1",
                "THUNDRA_MAX_SPANS=\"-1\" is not used: it takes a whole number from 0 to 4294967295",
            ),
            (
                "THUNDRA_MAX_SPAN",
                "1",
                "THUNDRA_MAX_SPAN is not a variable of thundra; the nearest is THUNDRA_MAX_SPANS",
            ),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "localhost:4318",
                "OTEL_EXPORTER_OTLP_ENDPOINT is not used: it takes an address that starts with http:// or https://",
            ),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "secret",
                "OTEL_EXPORTER_OTLP_HEADERS is not used: it takes a list such as key=value,other=value, percent-encoded",
            ),
        ] {
            assert_eq!(read(&[(name, value)]).1, [problem]);
        }
    }

    #[test]
    fn the_traces_endpoint_is_exact_and_the_other_a_base() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");
        let exact = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://d/x");
        assert_eq!(read(&[base]).0.otlp.endpoint.as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(read(&[base, exact]).0.otlp.endpoint.as_deref(), Some("http://d/x"));
    }

    #[test]
    fn items_that_are_none_are_reported_and_switch_nothing_off() {
        const HEADERS: &str = "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS";
        const METHODS_NAME: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
        const PAYLOAD: &str = "THUNDRA_INJECT_PAYLOAD";
        let default = read(&[]).0;
        let (config, problems) = read(&[(METHODS_NAME, "GET;POST"), (PAYLOAD, "kinesis;lambda"), (HEADERS, "a: b")]);
        assert_eq!((config.known_methods, config.inject_payload), (default.known_methods, default.inject_payload));
        assert!(config.captured_headers.server_request.is_empty());
        for (problem, shown) in problems.iter().zip([
            "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS=\"GET;POST\" is not used: it takes a list of methods",
            "OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS=\"a: b\" is not used: it takes a list of header",
            "THUNDRA_INJECT_PAYLOAD=\"kinesis;lambda\" is not used: it takes a list such as",
        ]) {
            assert!(problem.starts_with(shown), "{problem}");
        }
        let (config, problems) = read(&[(PAYLOAD, "Kinesis:orders-*, kinesys ,*,!lambda:a b"), (HEADERS, "A,b c")]);
        assert_eq!(config.inject_payload, ["Kinesis:orders-*", "*"], "the others stay");
        assert_eq!((config.captured_headers.server_request, problems.len()), (vec!["a".to_owned()], 2));
        assert_eq!(read(&[(PAYLOAD, "none")]).0.inject_payload, ["none"]);
    }

    #[test]
    fn known_methods_are_listed_in_their_case() {
        let (config, problems) = read(&[("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET, Brew,")]);
        assert_eq!((config.known_methods, problems.len()), (vec!["GET".to_owned(), "Brew".to_owned()], 0));
        assert_eq!(read(&[]).0.known_methods, METHODS);
    }

    #[test]
    fn a_base_may_have_more_than_a_path() {
        for (base, endpoint, why) in [
            ("http://c/base?key=abc", "http://c/base/v1/traces?key=abc", "a query"),
            ("http://c?key=a/b", "http://c/v1/traces?key=a/b", "a query alone"),
            ("http://c/#part", "http://c/v1/traces", "a fragment"),
            ("HTTP://c", "HTTP://c/v1/traces", "a scheme in upper case"),
            ("Https://u:p@c//", "Https://u:p@c/v1/traces", "a user"),
        ] {
            let (config, problems) = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]);
            assert_eq!((config.otlp.endpoint.as_deref(), problems.len()), (Some(endpoint), 0), "{why}");
        }
        let exact = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/base?key=abc");
        assert_eq!(read(&[exact]).0.otlp.endpoint.as_deref(), Some(exact.1));
    }

    #[test]
    fn a_value_that_may_be_secret_is_not_shown() {
        const ADDRESS: &str = "it takes an address that starts with http:// or https://";
        const LIST: &str = "it takes a list such as key=value,other=value, percent-encoded";
        for (name, value, problem) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "htp://user:s3cr3t@c", ADDRESS),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https:///?s3cr3t", ADDRESS),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "s3cr3t", ADDRESS),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization: Basic s3cr3t==", LIST),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api key=s3cr3t", LIST),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=1,s3cr3t", LIST),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cr3t%zz", LIST),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b,s3cr3t", LIST),
        ] {
            let (config, problems) = read(&[(name, value)]);
            assert_eq!(problems, [format!("{name} is not used: {problem}")]);
            assert!(!format!("{config:?}").contains("s3cr3t"), "{config:?}");
        }
    }

    #[test]
    fn another_bad_value_is_cut_and_escaped() {
        let shown = |value: &str| read(&[("OTEL_SDK_DISABLED", value)]).1.remove(0);
        assert_eq!(shown("a\n\u{1b}"), "OTEL_SDK_DISABLED=\"a\\n\\u{1b}\" is not used: it takes one of true, false");
        let long = format!("OTEL_SDK_DISABLED=\"{}\"… is not used: it takes one of true, false", "é".repeat(32));
        assert_eq!(shown(&"é".repeat(1000)), long);
        assert!(!shown("https://u:s3cr3t@c").contains("s3cr3t"), "it was meant for another variable");
    }

    #[test]
    fn debug_shows_no_credentials() {
        let (mut config, _) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:s3cr3t@c/x?key=s3cr3t"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cr3t"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=a,password=s3cr3t"),
            ("THUNDRA_PROPAGATE_HOSTS", "https://u:s3cr3t@h,*.example.com,2001:db8::/32,[::1],10.0.0.0/8"),
        ]);
        assert_eq!(
            config.propagate_hosts,
            ["https://REDACTED@h", "*.example.com", "2001:db8::/32", "[::1]", "10.0.0.0/8"]
        );
        config.otlp.headers.push(("Authorization: Basic s3cr3t".into(), "=".into()));
        let shown = format!("{config:?} {config:#?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("api-key"), "{shown}");
    }

    #[test]
    fn a_list_of_nothing_is_unset_and_reported() {
        let defaults = read(&[]).0;
        for name in [
            names::PROPAGATORS,
            names::EXPORTER,
            names::KNOWN_METHODS,
            names::INJECT_PAYLOAD,
            names::PROPAGATE_HOSTS,
            names::CLIENT_REQUEST_HEADERS,
            names::HEADERS,
            names::RESOURCE_ATTRIBUTES,
            names::SPANS,
            names::LOG,
        ] {
            let (config, problems) = read(&[(name, " ,, ,")]);
            assert_eq!(problems, [format!("{name} is not used: it has nothing but separators")]);
            assert_eq!(format!("{config:?}"), format!("{defaults:?}"), "{name}");
        }
        let general = (names::HEADERS, "a=1");
        let (config, _) = read(&[(names::TRACES_HEADERS, ",,"), general]);
        assert_eq!(config.otlp.headers, [("a".into(), "1".into())], "the general one serves");
        assert_eq!(read(&[(names::PROPAGATORS, "b3")]).0.propagators, Propagators::default(), "none is known");
        assert_eq!(read(&[(names::PROPAGATORS, "none,b3")]).0.propagators, Propagators::NONE);
        assert_eq!(read(&[(names::EXPORTER, "NONE")]).0.exporters, Some(vec![]));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_reported() {
        use std::os::unix::ffi::OsStringExt;

        for name in VARIABLES {
            let value = std::ffi::OsString::from_vec(vec![b'a', 0xff]);
            let (_, problems) = Config::read(&Env::from_pairs([(*name, value)]));
            assert_eq!(problems, [format!("{name} is not used: it is not UTF-8")]);
        }
    }

    #[test]
    fn a_timeout_of_zero_is_no_limit() {
        for (value, seconds) in [("0", 3600), ("2500", 2), ("18446744073709551615", 3600), ("1e3", 10), ("-1", 10)] {
            assert_eq!(read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", value)]).0.otlp.timeout.as_secs(), seconds, "{value}");
        }
    }

    #[test]
    fn numbers_are_whole_and_within_their_range() {
        for (value, spans, is_reported) in [
            ("5", 5, false),
            (" 5 ", 5, false),
            ("+5", 5, false),
            ("0", 0, false),
            ("4294967296", 10_000, true),
            ("1e3", 10_000, true),
            ("5.0", 10_000, true),
            ("٣", 10_000, true),
        ] {
            let (config, problems) = read(&[("THUNDRA_MAX_SPANS", value)]);
            assert_eq!((config.limits.spans, problems.len()), (spans, usize::from(is_reported)), "{value}");
        }
    }

    #[test]
    fn the_values_of_headers_are_percent_decoded() {
        let (config, _) = read(&[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=1=2,,X%41=%41")]);
        let headers = [("api-key", "a b"), ("x", "1=2"), ("X%41", "A")];
        assert_eq!(config.otlp.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn the_keys_and_values_of_attributes_are_percent_decoded() {
        let (config, problems) = read(&[("OTEL_RESOURCE_ATTRIBUTES", ",a%2Cb = 1%3D2 ,,é=ü%20, ,c=")]);
        let attributes = config.resource.attributes();
        for (key, value) in [("a,b", "1=2"), ("é", "ü "), ("c", "")] {
            assert!(attributes.contains(&(key.into(), value.into())), "{key}: {attributes:?}");
        }
        assert!(problems.is_empty(), "{problems:?}");
        for value in ["a", "=1", "a=1,=", "a=%", "a=%ff", "%zz=1"] {
            let (config, problems) = read(&[("OTEL_RESOURCE_ATTRIBUTES", value)]);
            assert_eq!((config.resource, problems.len()), (read(&[]).0.resource, 1), "{value}");
        }
    }

    #[test]
    fn lambdas_levels_are_levels_of_log_events() {
        use tracing::level_filters::LevelFilter;

        for (level, widest) in [
            ("TRACE", LevelFilter::TRACE),
            ("DEBUG", LevelFilter::DEBUG),
            ("INFO", LevelFilter::INFO),
            ("WARN", LevelFilter::WARN),
            ("ERROR", LevelFilter::ERROR),
            ("FATAL", LevelFilter::ERROR),
        ] {
            for written in
                [level.to_owned(), level.to_lowercase(), format!(" {}{} ", &level[..1], level[1..].to_lowercase())]
            {
                for name in ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"] {
                    let (config, problems) = read(&[(name, &written)]);
                    assert_eq!(
                        (config.log, problems.len()),
                        (Targets::new().with_default(widest), 0),
                        "{name}={written}"
                    );
                }
            }
        }
        assert_eq!(
            read(&[("RUST_LOG", "debug"), ("AWS_LAMBDA_LOG_LEVEL", "FATAL")]).0.log.default_level(),
            Some(LevelFilter::DEBUG)
        );
        let (config, problems) = read(&[("AWS_LAMBDA_LOG_LEVEL", "warn,orders=debug,hyper=fatal")]);
        for (target, widest) in [("orders", Level::DEBUG), ("hyper", Level::ERROR), ("other", Level::WARN)] {
            assert!(config.log.would_enable(target, &widest) && problems.is_empty(), "{target}");
        }
        assert!(!config.log.would_enable("hyper", &Level::WARN));
        let (config, problems) = read(&[("AWS_LAMBDA_LOG_LEVEL", "CRITICAL")]);
        assert_eq!(config.log, Targets::new().with_default(Level::INFO), "no target of this name");
        assert_eq!(
            problems,
            ["AWS_LAMBDA_LOG_LEVEL=\"CRITICAL\" is not used: it takes one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"]
        );
    }

    /// The README's table is this list.
    #[test]
    fn the_readme_names_every_variable_and_no_other() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
        let rows = readme.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
        let is_variable = |name: &&str| {
            name.starts_with("OTEL_") || name.starts_with("THUNDRA_") || name.starts_with("AWS_") || *name == names::LOG
        };
        let mut named: Vec<_> = rows.flat_map(|cell| cell.split('`')).filter(is_variable).collect();
        let mut read = VARIABLES.to_vec();
        named.sort_unstable();
        read.sort_unstable();
        assert_eq!(named, read);
    }

    #[test]
    fn naming_a_target_takes_nothing_from_the_others() {
        for value in ["my_crate=debug,hyper=off", ",my_crate=debug ,, hyper=off, "] {
            let (config, _) = read(&[("THUNDRA_SPANS", value)]);
            naming(&config);
        }
    }

    fn naming(config: &Config) {
        for (target, level, enabled) in [
            ("my_crate::x", Level::DEBUG, true),
            ("hyper", Level::ERROR, false),
            ("other", Level::INFO, true),
            ("other", Level::DEBUG, false),
        ] {
            assert_eq!(config.spans.would_enable(target, &level), enabled, "{target}");
        }
    }
}
