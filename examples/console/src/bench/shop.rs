//! The made-up shop: a day of requests of 40 spans, and two large ones.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

/// The first span, in nanoseconds since 1970.
const START: u64 = 1_795_651_200_000_000_000;

/// The nanoseconds of a day.
const DAY: u64 = 86_400_000_000_000;

/// The spans of a usual request, of the two large ones, and of a request of OTLP.
const USUAL: u64 = 40;
const MIDDLE: u64 = 1000;
const LARGE: u64 = 20_000;
const CHUNK: u64 = 400;

const SERVICES: [&str; 8] = ["orders", "billing", "shipping", "stock", "users", "search", "mail", "reports"];
const CALLS: [&str; 6] = ["GetItem", "PutItem", "GET", "validate", "Query", "send"];

/// A shop of so many spans.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shop {
    usual: u64,
}

impl Shop {
    pub(super) fn new(spans: u64) -> Self {
        Shop { usual: spans.saturating_sub(MIDDLE + LARGE).div_ceil(CHUNK) * (CHUNK / USUAL) }
    }

    pub(super) fn spans(&self) -> u64 {
        self.usual * USUAL + MIDDLE + LARGE
    }

    /// Returns the number of requests of OTLP.
    pub(super) fn requests(&self) -> u64 {
        self.spans().div_ceil(CHUNK)
    }

    /// Returns the times of the day, in microseconds.
    pub(super) fn times(&self) -> (u64, u64) {
        (START / 1000, (START + DAY) / 1000)
    }

    /// Returns the ids of requests.
    pub(super) fn request(&self, trace: u64) -> String {
        format!("{:032x}", u128::from_be_bytes(trace_id(trace)))
    }

    pub(super) fn middle(&self) -> String {
        self.request(self.usual)
    }

    pub(super) fn large(&self) -> String {
        self.request(self.usual + 1)
    }

    /// Makes a request of OTLP.
    pub(super) fn otlp(&self, request: u64) -> Vec<u8> {
        let first = request * CHUNK;
        let mut runs: Vec<ResourceSpans> = Vec::new();
        for place in first..(first + CHUNK).min(self.spans()) {
            let (trace, within, of) = self.place(place);
            let service = mix(trace * 31 + within / 10) % SERVICES.len() as u64;
            let span = span(trace, within, of, self.usual);
            // Spans of a service follow one another, as its exporter sends them.
            match runs.last_mut().filter(|run| run.schema_url == service.to_string()) {
                Some(run) => run.scope_spans.iter_mut().take(1).for_each(|scope| scope.spans.push(span.clone())),
                None => runs.push(ResourceSpans {
                    resource: Some(resource(service)),
                    scope_spans: vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }],
                    schema_url: service.to_string(),
                }),
            }
        }
        ExportTraceServiceRequest { resource_spans: runs }.encode_to_vec()
    }

    /// Returns the trace of a span, its place within, and the number of spans there.
    fn place(&self, place: u64) -> (u64, u64, u64) {
        let usual = self.usual * USUAL;
        match place.checked_sub(usual) {
            None => (place / USUAL, place % USUAL, USUAL),
            Some(rest) if rest < MIDDLE => (self.usual, rest, MIDDLE),
            Some(rest) => (self.usual + 1, rest - MIDDLE, LARGE),
        }
    }
}

fn span(trace: u64, within: u64, of: u64, usual: u64) -> Span {
    let seed = mix(trace << 20 | within);
    let begin = START + DAY / 2 * (trace % usual.max(1)) / usual.max(1) * 2;
    // A tree: each span is inside its parent.
    let parent = (within.saturating_sub(1)) / 4;
    let slow = if mix(trace).is_multiple_of(50) { 20 } else { 1 };
    let length = slow * (1_000_000 + mix(trace + 7) % 90_000_000);
    let depth = (within + 1).ilog(4) as u64;
    let start = begin + within * length / of / 2;
    let end = start + (length >> depth.min(8)) / 2 + seed % 1_000_000;
    let is_root = within == 0;
    let kind = if is_root {
        2
    } else if within.is_multiple_of(3) {
        3
    } else {
        1
    };
    let call = (seed % CALLS.len() as u64) as usize;
    let mut attributes = vec![
        text("tenant_id", &format!("t{}", mix(trace) % 400)),
        text("code.file.path", "src/main.rs"),
        number("code.line.number", (seed % 300) as i64),
        number("thread.id", (seed % 4) as i64),
        text("order.id", &format!("{:016x}", mix(trace + 1))),
        text("app.feature", if seed.is_multiple_of(10) { "new" } else { "old" }),
    ];
    if is_root {
        attributes.push(text("faas.invocation_id", &format!("{:032x}", trace_number(trace))));
        attributes.push(text("http.route", "/orders/{id}"));
    }
    if kind == 3 {
        attributes.push(text("rpc.system.name", "aws-api"));
        attributes.push(text("rpc.method", "DynamoDB/GetItem"));
        attributes.push(text("aws.dynamodb.table_names", if seed.is_multiple_of(2) { "orders" } else { "ledger" }));
        attributes.push(text("aws.request_id", &format!("{seed:016x}")));
    }
    let name = if is_root { "POST /orders" } else { CALLS.get(call).copied().unwrap_or_default() };
    Span {
        trace_id: trace_id(trace).to_vec(),
        span_id: span_id(trace, within).to_vec(),
        parent_span_id: if is_root { Vec::new() } else { span_id(trace, parent).to_vec() },
        name: name.to_owned(),
        kind,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes,
        status: Some(Status { code: if seed.is_multiple_of(97) { 2 } else { 0 }, message: String::new() }),
        ..Span::default()
    }
}

fn resource(service: u64) -> Resource {
    let name = SERVICES.get(service as usize).copied().unwrap_or_default();
    let attributes = vec![
        text("service.name", name),
        text("cloud.region", if service.is_multiple_of(2) { "eu-west-1" } else { "eu-central-1" }),
        number("faas.max_memory", 128 << 20),
        text("host.arch", "arm64"),
    ];
    Resource { attributes, ..Resource::default() }
}

fn trace_number(trace: u64) -> u128 {
    u128::from(mix(trace)) << 64 | u128::from(mix(trace + 3))
}

fn trace_id(trace: u64) -> [u8; 16] {
    trace_number(trace).to_be_bytes()
}

fn span_id(trace: u64, within: u64) -> [u8; 8] {
    (mix(trace << 20 | within) | 1).to_be_bytes()
}

/// Mixes the bits of a number (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn text(key: &str, text: &str) -> KeyValue {
    attribute(key, Value::StringValue(text.to_owned()))
}

fn number(key: &str, number: i64) -> KeyValue {
    attribute(key, Value::IntValue(number))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
