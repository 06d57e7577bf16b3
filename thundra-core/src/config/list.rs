//! The variables of this crate.
//!
//! The list is the only place with names and accepted forms. The reader uses names and forms, messages about invalid
//! values quote both, and the configuration pages show the list as a table.

const SWITCH: &str = "one of true, false";
const COUNT: &str = "a whole number from 0 to 4294967295";
const WHOLE: &str = "a whole number from 0 to 18446744073709551615";
const OVER_ZERO: &str = "a whole number from 1 to 18446744073709551615";
const ADDRESS: &str = "an address that starts with http:// or https://";
const PAIRS: &str = "a list such as key=value,other=value, percent-encoded";
const PROTOCOLS: &str = "one of http/protobuf, http/json";
const COMPRESSIONS: &str = "one of gzip, none";
pub(super) const LEVELS: &str = "a level, or a list such as info,my_crate=debug,hyper=off";

const CERTIFICATES: &str = "the path of a file with certificates in PEM";
const KEY: &str = "the path of a file with a private key in PEM, without a password";
const PROXY: &str = "an address such as http://proxy:3128, with a user and a password percent-encoded";

const LIKE_ALL: &str = "that of all signals";

crate::variables! {
    /// The variables of this crate.
    #[doc(hidden)]
    pub const VARIABLES;

    SDK_DISABLED = "OTEL_SDK_DISABLED" {
        form: SWITCH,
        default: "`false`",
        meaning: "`true` turns recording off; ids still travel.",
    }
    SERVICE_NAME = "OTEL_SERVICE_NAME" {
        form: "any text",
        default: "`unknown_service:<executable>`",
        meaning: "The name of this program.",
    }
    RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES" {
        form: PAIRS,
        default: "",
        meaning: "Attributes of this program, exported with every batch.",
    }
    PROPAGATORS = "OTEL_PROPAGATORS" {
        form: "a list of tracecontext, baggage, xray, xray-lambda, correlation; or none",
        default: "`tracecontext,baggage,xray,correlation`",
        meaning: "The context formats to read and to write.",
    }
    SAMPLER = "OTEL_TRACES_SAMPLER" {
        form: "one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, \
               parentbased_traceidratio",
        default: "`parentbased_always_on`",
        meaning: "The head sampler.",
    }
    SAMPLER_ARG = "OTEL_TRACES_SAMPLER_ARG" {
        form: "a number from 0 to 1",
        default: "`1`",
        meaning: "The ratio of `traceidratio` and `parentbased_traceidratio`.",
    }
    EXPORTER = "OTEL_TRACES_EXPORTER" {
        form: "a list of otlp, xray, stdout, console; or none",
        default: "`otlp` where an endpoint is set, else `console`",
        meaning: "The exporters of spans.",
    }
    LOGS_EXPORTER = "OTEL_LOGS_EXPORTER" {
        form: "a list of otlp; or none",
        default: "`otlp` where log records have an endpoint",
        meaning: "The exporters of log records. Log lines are written in any case.",
    }
    METRICS_EXPORTER = "OTEL_METRICS_EXPORTER" {
        form: "a list of otlp, emf; or none",
        default: "`otlp` where metrics have an endpoint",
        meaning: "The exporters of metrics.",
    }

    OTLP_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT" {
        form: ADDRESS,
        default: "",
        meaning: "The collector. `/v1/traces`, `/v1/logs` or `/v1/metrics` is added to its path. A user and a password in \
                  it are sent as `Authorization: Basic`, unless the headers have an `authorization`.",
    }
    OTLP_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL" {
        form: PROTOCOLS,
        default: "`http/protobuf`",
        meaning: "The encoding of OTLP requests.",
    }
    OTLP_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS" {
        form: PAIRS,
        default: "",
        meaning: "Headers of OTLP requests. A value such as `ssm:/name`, `secretsmanager:id` or `secretsmanager:id#key`, perhaps \
                  behind a word such as `Bearer`, is read from SSM Parameter Store or Secrets Manager: this takes the \
                  feature `secrets` of thundra-aws.",
    }
    OTLP_TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT" {
        form: WHOLE,
        default: "`10000`, and `2000` for an attempt",
        meaning: "The longest time of a flush, in milliseconds, and of dropping the guard of `init()`. A set value also \
                  limits an attempt. `0` is an hour.",
    }
    OTLP_COMPRESSION = "OTEL_EXPORTER_OTLP_COMPRESSION" {
        form: COMPRESSIONS,
        default: "`none`",
        meaning: "The compression of OTLP requests; `gzip` has level 1.",
    }
    OTLP_CERTIFICATE = "OTEL_EXPORTER_OTLP_CERTIFICATE" {
        form: CERTIFICATES,
        default: "the well-known authorities",
        meaning: "The certificates that may vouch for an `https` collector, and the only ones: those of authorities, or the \
                  collector's own.",
    }
    OTLP_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" {
        form: CERTIFICATES,
        default: "",
        meaning: "The certificate that an `https` collector asks for (mTLS), followed by those of intermediate authorities.",
    }
    OTLP_CLIENT_KEY = "OTEL_EXPORTER_OTLP_CLIENT_KEY" {
        form: KEY,
        default: "",
        meaning: "The private key of that certificate.",
    }

    OTLP_TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" {
        form: ADDRESS,
        default: LIKE_ALL,
        meaning: "The full address for spans, to which nothing is added.",
    }
    OTLP_TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" {
        form: PROTOCOLS,
        default: LIKE_ALL,
        meaning: "The encoding of spans.",
    }
    OTLP_TRACES_HEADERS = "OTEL_EXPORTER_OTLP_TRACES_HEADERS" {
        form: PAIRS,
        default: LIKE_ALL,
        meaning: "Headers of requests with spans, in place of the others.",
    }
    OTLP_TRACES_TIMEOUT = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT" {
        form: WHOLE,
        default: LIKE_ALL,
        meaning: "The timeout for spans.",
    }
    OTLP_TRACES_COMPRESSION = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION" {
        form: COMPRESSIONS,
        default: LIKE_ALL,
        meaning: "The compression of spans.",
    }
    OTLP_TRACES_CERTIFICATE = "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE" {
        form: CERTIFICATES,
        default: LIKE_ALL,
        meaning: "The certificates that may vouch for the collector of spans.",
    }
    OTLP_TRACES_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE" {
        form: CERTIFICATES,
        default: LIKE_ALL,
        meaning: "The certificate that the collector of spans asks for.",
    }
    OTLP_TRACES_CLIENT_KEY = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY" {
        form: KEY,
        default: LIKE_ALL,
        meaning: "The private key of that certificate.",
    }
    OTLP_LOGS_ENDPOINT = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" {
        form: ADDRESS,
        default: LIKE_ALL,
        meaning: "The full address for log records, to which nothing is added.",
    }
    OTLP_LOGS_PROTOCOL = "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL" {
        form: PROTOCOLS,
        default: LIKE_ALL,
        meaning: "The encoding of log records.",
    }
    OTLP_LOGS_HEADERS = "OTEL_EXPORTER_OTLP_LOGS_HEADERS" {
        form: PAIRS,
        default: LIKE_ALL,
        meaning: "Headers of requests with log records, in place of the others.",
    }
    OTLP_LOGS_TIMEOUT = "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT" {
        form: WHOLE,
        default: LIKE_ALL,
        meaning: "The timeout for log records.",
    }
    OTLP_LOGS_COMPRESSION = "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION" {
        form: COMPRESSIONS,
        default: LIKE_ALL,
        meaning: "The compression of log records.",
    }
    OTLP_LOGS_CERTIFICATE = "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE" {
        form: CERTIFICATES,
        default: LIKE_ALL,
        meaning: "The certificates that may vouch for the collector of log records.",
    }
    OTLP_LOGS_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE" {
        form: CERTIFICATES,
        default: LIKE_ALL,
        meaning: "The certificate that the collector of log records asks for.",
    }
    OTLP_LOGS_CLIENT_KEY = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY" {
        form: KEY,
        default: LIKE_ALL,
        meaning: "The private key of that certificate.",
    }
    OTLP_METRICS_ENDPOINT = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" {
        form: ADDRESS,
        default: LIKE_ALL,
        meaning: "The full address for metrics, to which nothing is added.",
    }
    OTLP_METRICS_PROTOCOL = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL" {
        form: PROTOCOLS,
        default: LIKE_ALL,
        meaning: "The encoding of metrics.",
    }
    OTLP_METRICS_HEADERS = "OTEL_EXPORTER_OTLP_METRICS_HEADERS" {
        form: PAIRS,
        default: LIKE_ALL,
        meaning: "Headers of requests with metrics, in place of the others.",
    }
    OTLP_METRICS_TIMEOUT = "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT" {
        form: WHOLE,
        default: LIKE_ALL,
        meaning: "The timeout for metrics.",
    }
    OTLP_METRICS_COMPRESSION = "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION" {
        form: COMPRESSIONS,
        default: LIKE_ALL,
        meaning: "The compression of metrics.",
    }
    OTLP_METRICS_CERTIFICATE = "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE" {
        form: CERTIFICATES,
        default: LIKE_ALL,
        meaning: "The certificates that may vouch for the collector of metrics.",
    }
    OTLP_METRICS_CLIENT_CERTIFICATE = "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE" {
        form: CERTIFICATES,
        default: LIKE_ALL,
        meaning: "The certificate that the collector of metrics asks for.",
    }
    OTLP_METRICS_CLIENT_KEY = "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY" {
        form: KEY,
        default: LIKE_ALL,
        meaning: "The private key of that certificate.",
    }

    METRIC_EXPORT_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL" {
        form: OVER_ZERO,
        default: "`60000`",
        meaning: "The milliseconds between two exports of metrics by a program that exports in the background. In Lambda \
                  each invocation exports.",
    }
    OTLP_METRICS_HISTOGRAM = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION" {
        form: "one of explicit_bucket_histogram, base2_exponential_bucket_histogram",
        default: "`explicit_bucket_histogram`",
        meaning: "The buckets of histograms over OTLP.",
    }
    OTLP_METRICS_TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" {
        form: "one of cumulative, delta, lowmemory",
        default: "`delta` in Lambda, else `cumulative`",
        meaning: "The temporality of metrics: since the start of the process, or since the last export.",
    }

    HTTPS_PROXY = "HTTPS_PROXY" {
        form: PROXY,
        default: "",
        meaning: "The proxy of OTLP requests to an `https` collector: `http`, `https`, `socks5` or `socks5h`. This name and \
                  the next three may be in lower case.",
    }
    HTTP_PROXY = "HTTP_PROXY" {
        form: PROXY,
        default: "",
        meaning: "The proxy of OTLP requests to an `http` collector, one on loopback too.",
    }
    ALL_PROXY = "ALL_PROXY" {
        form: PROXY,
        default: "",
        meaning: "The proxy of OTLP requests without one of the two.",
    }
    NO_PROXY = "NO_PROXY" {
        form: "a list of names, addresses, networks such as 10.0.0.0/8; or *",
        default: "",
        meaning: "Collectors without a proxy. A name stands for all names below it.",
    }

    ATTRIBUTE_VALUE_LENGTH = "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT" {
        form: WHOLE,
        default: "no limit",
        meaning: "Characters of an attribute's text.",
    }
    ATTRIBUTE_COUNT = "OTEL_ATTRIBUTE_COUNT_LIMIT" {
        form: COUNT,
        default: "`128`",
        meaning: "Attributes of a span.",
    }
    SPAN_ATTRIBUTE_VALUE_LENGTH = "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT" {
        form: WHOLE,
        default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
        meaning: "Characters of an attribute's text.",
    }
    SPAN_ATTRIBUTE_COUNT = "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT" {
        form: COUNT,
        default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
        meaning: "Attributes of a span.",
    }
    SPAN_EVENT_COUNT = "OTEL_SPAN_EVENT_COUNT_LIMIT" {
        form: COUNT,
        default: "`128`",
        meaning: "Events of a span.",
    }
    SPAN_LINK_COUNT = "OTEL_SPAN_LINK_COUNT_LIMIT" {
        form: COUNT,
        default: "`128`",
        meaning: "Links of a span.",
    }
    EVENT_ATTRIBUTE_COUNT = "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT" {
        form: COUNT,
        default: "`128`",
        meaning: "Attributes of an event.",
    }
    LINK_ATTRIBUTE_COUNT = "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT" {
        form: COUNT,
        default: "`128`",
        meaning: "Attributes of a link.",
    }
    LOG_ATTRIBUTE_VALUE_LENGTH = "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT" {
        form: WHOLE,
        default: "`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`",
        meaning: "Characters of a log record's attribute.",
    }
    LOG_ATTRIBUTE_COUNT = "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT" {
        form: COUNT,
        default: "`OTEL_ATTRIBUTE_COUNT_LIMIT`",
        meaning: "Attributes of a log record from the fields of its event.",
    }
    EXCEPTION_SIGNAL = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN" {
        form: "one of logs, logs/dup",
        default: "events of spans",
        meaning: "What exceptions become: log records, or with `logs/dup` log records and events of spans. Without an \
                  exporter of log records they are events of spans.",
    }

    SPANS = "THUNDRA_SPANS" {
        form: LEVELS,
        default: "`info`",
        meaning: "The levels of recorded spans, by target.",
    }
    MAX_SPANS = "THUNDRA_MAX_SPANS" {
        form: COUNT,
        default: "`10000`",
        meaning: "Spans of one invocation; more are dropped and counted.",
    }
    KEEP = "THUNDRA_KEEP" {
        form: "a list of errors, slow:500ms, cold; or none",
        default: "`none`",
        meaning: "Unsampled invocations, requests and records to export after all: those that failed, lasted longer than \
                  the limit, or started cold. At most 10 a second, after a burst of 100.",
    }
    SPILL = "THUNDRA_SPILL" {
        form: "a size such as 64KiB, or 0",
        default: "`0`",
        meaning: "The most bytes that each flush, in Lambda the flush of an invocation, writes to standard output of \
                  what its exporter lost. With `0`, what is lost is only counted.",
    }
    MASK_KEYS = "THUNDRA_MASK_KEYS" {
        form: "a list of names such as card,date_of_birth,!page_token",
        default: "",
        meaning: "Keys whose values are masked in attributes, log lines and captured payloads, besides the [built-in \
                  list](#masked-keys). `!` leaves a key of that list as it is.",
    }
    TRUST = "THUNDRA_TRUST" {
        form: "one of all, edge",
        default: "`edge`",
        meaning: "`all` trusts callers at the public edge as much as a queue: their sampling and debug decisions are obeyed.",
    }
    LOG_FORMAT = "THUNDRA_LOG_FORMAT" {
        form: "one of json, text, dazn, none; with options as in json,location,spans",
        default: "`text` to a terminal, else `json`",
        meaning: "The form of log lines. `location` adds the place in the source, `spans` the fields of the spans around.",
    }
    LOG = "RUST_LOG" {
        form: LEVELS,
        default: "`info`",
        meaning: "The levels of written log events, by target; `fatal` means `error`.",
    }
    DEBUG_SAMPLE_RATE = "THUNDRA_DEBUG_SAMPLE_RATE" {
        form: "a number from 0 to 1",
        default: "`0`",
        meaning: "The ratio of new chains of calls with debug logs: lines of the program's own crates down to `debug`, in \
                  each program of the chain. `debug-log-enabled` carries the decision.",
    }
    LOG_BUFFER = "THUNDRA_LOG_BUFFER" {
        form: "a size such as 20KiB, perhaps with levels, such as 20KiB,debug,my_crate=trace; or 0",
        default: "`0`",
        meaning: "The most bytes of log lines that an invocation, a request or a record keeps until it fails or nears its \
                  deadline: lines of these levels, by target, that are not written at once. Without levels: the program's \
                  own crates down to `debug`.",
    }
}
