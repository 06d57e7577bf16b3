//! Spans like those of a real handler: 24 names, different values, some failures.

use tracing::field::{DisplayValue, display};
use tracing::{Span, error, info_span};

use crate::random::{Random, Uuid};

/// The depth of a step's calls.
const DEPTH: u64 = 3;

/// Records `n` spans below the current span, five to seven attributes each, the same in every run.
#[inline(never)]
pub fn varied(n: u64) {
    let mut random = Random(7);
    let mut next = 0;
    while next < n {
        next = nest(next, n, DEPTH, &mut random);
    }
}

fn nest(i: u64, n: u64, depth: u64, random: &mut Random) -> u64 {
    let values = Values::new(random);
    let span = span(random.below(24), &values);
    let _entered = span.enter();
    if values.failed {
        error!(
            exception.r#type = "TimeoutError",
            exception.message = format_args!("no answer within {} ms from {}", values.bytes % 900, values.request),
            "call failed"
        );
        span.record("otel.status_code", "ERROR");
    }
    let next = i + 1;
    if depth > 1 && next < n { nest(next, n, depth - 1, random) } else { next }
}

/// The values of the spans.
struct Values {
    request: Uuid,
    status: u16,
    bytes: u64,
    cached: bool,
    ratio: f64,
    failed: bool,
    /// The order in half of the spans.
    order: Option<Uuid>,
}

impl Values {
    fn new(random: &mut Random) -> Self {
        let failed = random.one_in(12);
        Values {
            request: random.uuid(),
            status: if failed { 500 } else { 200 },
            bytes: 40 + random.below(90_000),
            cached: random.one_in(3),
            ratio: random.below(1_000) as f64 / 1_000.0,
            failed,
            order: random.one_in(2).then(|| random.uuid()),
        }
    }

    fn order(&self) -> Option<DisplayValue<&Uuid>> {
        self.order.as_ref().map(display)
    }
}

/// Returns the span of one of 24 callsites.
fn span(which: u64, values: &Values) -> Span {
    /// A call to another service.
    macro_rules! call {
        ($kind:literal, $service:literal, $method:literal) => {
            info_span!(
                concat!($service, ".", $method),
                otel.kind = $kind,
                otel.status_code = tracing::field::Empty,
                rpc.system = "aws-api",
                rpc.method = $method,
                aws.request_id = %values.request,
                http.response.status_code = values.status,
                http.response.body.size = values.bytes,
                order.id = values.order(),
            )
        };
    }
    /// A step of the program's own.
    macro_rules! step {
        ($name:literal) => {
            info_span!(
                $name,
                otel.status_code = tracing::field::Empty,
                request.id = %values.request,
                cache.hit = values.cached,
                cache.ratio = values.ratio,
                lines = values.bytes,
                tier = "gold",
                order.id = values.order(),
            )
        };
    }
    match which {
        0 => call!("client", "DynamoDB", "Query"),
        1 => call!("client", "DynamoDB", "PutItem"),
        2 => call!("client", "S3", "GetObject"),
        3 => call!("client", "S3", "PutObject"),
        4 => call!("producer", "SQS", "SendMessage"),
        5 => call!("producer", "SNS", "Publish"),
        6 => call!("producer", "Kinesis", "PutRecord"),
        7 => call!("client", "SecretsManager", "GetSecretValue"),
        8 => call!("client", "Lambda", "Invoke"),
        9 => call!("client", "SFN", "StartExecution"),
        10 => call!("client", "SES", "SendEmail"),
        11 => call!("client", "KMS", "Decrypt"),
        12 => step!("validate_order"),
        13 => step!("load_customer"),
        14 => step!("price_lines"),
        15 => step!("apply_discounts"),
        16 => step!("reserve_stock"),
        17 => step!("compute_tax"),
        18 => step!("authorize"),
        19 => step!("parse_body"),
        20 => step!("cache.lookup"),
        21 => step!("cache.store"),
        22 => step!("render_template"),
        _ => step!("audit_log"),
    }
}
