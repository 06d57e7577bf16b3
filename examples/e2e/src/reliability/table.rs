//! The scenarios.

use std::time::Duration;

use super::scenario::{Counted, End, Environment, Expect, Exported, Scenario};
use super::work::Handler;
use crate::harness::collector::fault::Fault;
use crate::harness::lambda::Output;

/// A good handler, a good collector, and nothing unusual.
const GOOD: Scenario = Scenario {
    name: "",
    why: "",
    handler: Handler::Ok,
    spans: 3,
    padding: 0,
    foreign_event: None,
    fault: Fault::None,
    environment: Environment {
        variables: &[],
        xray_samples: false,
        stdout: Output::Kept,
        timeout: None,
        deadline_behind: Duration::ZERO,
        without: &[],
        connections_die: false,
    },
    exported: Exported::All,
    end: End::ShutDown,
    invocations: (4, 100),
    expect: Expect { error_type: None, counted: Counted::None, says: None, signal: None },
};

const fn collector(name: &'static str, fault: Fault, counted: Counted, why: &'static str) -> Scenario {
    Scenario { name, fault, why, expect: Expect { counted, ..GOOD.expect }, ..GOOD }
}

const fn handler(
    name: &'static str,
    handler: Handler,
    error_type: Option<&'static str>,
    why: &'static str,
) -> Scenario {
    Scenario { name, handler, why, expect: Expect { error_type, ..GOOD.expect }, ..GOOD }
}

const fn late(name: &'static str, handler: Handler, environment: Environment, why: &'static str) -> Scenario {
    let environment = Environment { timeout: Some(Duration::from_millis(600)), ..environment };
    let expect = Expect { error_type: Some("timeout"), ..GOOD.expect };
    Scenario { name, handler, environment, why, expect, ..GOOD }
}

const fn environment(name: &'static str, environment: Environment, why: &'static str) -> Scenario {
    Scenario { name, environment, why, ..GOOD }
}

const PLAIN: Environment = GOOD.environment;
const SPILL: &[(&str, &[u8])] = &[("THUNDRA_SPILL", b"64KiB")];
const STDOUT: &[(&str, &[u8])] = &[("OTEL_TRACES_EXPORTER", b"stdout")];
const XRAY: &[(&str, &[u8])] = &[("OTEL_TRACES_EXPORTER", b"xray")];
const NO_DAEMON: &[(&str, &[u8])] = &[("OTEL_TRACES_EXPORTER", b"xray"), ("AWS_XRAY_DAEMON_ADDRESS", b"127.0.0.1:9")];
const KEEP: &[(&str, &[u8])] = &[("OTEL_TRACES_SAMPLER", b"always_off"), ("THUNDRA_KEEP", b"errors")];
const SHUTDOWN: &[(&str, &[u8])] = &[("THUNDRA_SHUTDOWN", b"on")];
const TERMINATED: Expect = Expect { signal: Some(15), ..GOOD.expect };
const UNKNOWN: Expect = Expect { counted: Counted::Unknown, ..GOOD.expect };
const SLOW: Duration = Duration::from_millis(100);

/// All scenarios.
#[rustfmt::skip]
pub const SCENARIOS: &[Scenario] = &[
    // Collectors.
    collector("collector ok", Fault::None, Counted::None, "what the others are compared with"),
    collector("collector slow", Fault::Slow(SLOW), Counted::None, "a flush waits for it, and no caller does"),
    collector("collector hanging", Fault::Hanging, Counted::None, "a flush ends at its limit, and its spans are sent again"),
    collector("collector resetting", Fault::Resetting, Counted::None, "nothing of a request that breaks off was taken"),
    collector("collector refusing", Fault::Refusing, Counted::None, "nobody listens while it is deployed anew"),
    collector("collector half-closed", Fault::HalfClosed, Counted::None, "the response is missing, so the spans are sent again"),
    collector("collector 429", Fault::Status(429, Some("1")), Counted::None, "it asks to wait, and is believed"),
    collector("collector 500", Fault::Status(500, None), Counted::All, "OTLP does not allow to send again"),
    collector("collector 503", Fault::Status(503, None), Counted::None, "OTLP asks to send again"),
    collector("collector partial", Fault::Partial(2), Counted::Each(2), "it says how many spans it does not take"),
    collector("collector garbage", Fault::Garbage, Counted::None, "the status says that it took the spans"),
    collector("collector other protocol", Fault::OtherProtocol, Counted::None, "the address is that of another service"),
    collector("collector 10 MB answer", Fault::Huge(10 << 20), Counted::Any, "nobody reads as much of a refusal; a slow one keeps the next spans"),
    collector("collector with a bad certificate", Fault::BadCertificate, Counted::None, "nothing is sent to a stranger"),

    // Handlers.
    handler("handler error", Handler::Error, None, "an error is the caller's as it is"),
    handler("handler panic", Handler::Panic, Some("panic"), "a panic goes on as the runtime has it"),
    handler("handler panic in a task", Handler::PanicInTask, Some("panic"), "the panic of an awaited task is the handler's"),
    handler("handler blocks", Handler::Block(30), None, "a blocked thread delays nothing but itself"),
    handler("handler cancels", Handler::Cancel, None, "a dropped future ends its span"),
    handler("handler streams", Handler::Stream(20), None, "a stream passes through"),
    handler("handler breaks its stream", Handler::BreakStream(3), None, "Lambda calls that a success"),
    handler("handler leaves a task", Handler::Outlive(20), None, "a span that ends late goes out later, once"),
    handler("handler leaves a task for ever", Handler::Never, None, "a span that never ends holds up nothing"),
    handler("handler response over 6 MiB", Handler::Large(7 << 20), Some("response_too_large"), "Lambda refuses it, and the runtime goes on"),
    Scenario { foreign_event: Some("[1, 2"), ..handler("handler event unreadable", Handler::Ok, Some("invalid_event"), "the error is the runtime's") },
    Scenario { spans: 9_999, invocations: (2, 10), ..handler("handler 10,000 spans", Handler::Ok, None, "as many as there may be") },
    Scenario { spans: 100_000, invocations: (2, 4), expect: Expect { counted: Counted::Each(90_001), ..GOOD.expect }, ..handler("handler 100,000 spans", Handler::Ok, None, "those over the limit are counted") },
    Scenario { padding: 6_000_000, invocations: (2, 10), ..handler("handler 6 MB event", Handler::Ok, None, "the largest event that there is") },

    // Deadlines.
    Scenario { invocations: (2, 10), ..late("deadline passed, waiting", Handler::Wait(1_500), PLAIN, "what is finished and still open is exported before the end, once") },
    Scenario { invocations: (2, 10), ..late("deadline passed, blocked", Handler::Block(1_500), PLAIN, "a blocked thread does not hold up the watchdog") },
    Scenario { invocations: (2, 10), expect: UNKNOWN, ..late("deadline passed, watchdog off", Handler::Wait(1_500), Environment { variables: &[("THUNDRA_TIMEOUT_MARGIN", b"0")], ..PLAIN }, "nothing else changes") },
    environment("deadline within the margin", Environment { variables: &[("THUNDRA_TIMEOUT_MARGIN", b"30s")], ..PLAIN }, "a function with a short timeout runs as before"),
    Scenario { fault: Fault::Hanging, invocations: (3, 10), ..environment("deadline while exporting", Environment { variables: &[("OTEL_EXPORTER_OTLP_TIMEOUT", b"10000")], timeout: Some(Duration::from_millis(700)), ..PLAIN }, "a flush ends before the deadline") },

    // Environments.
    Scenario { fault: Fault::Status(500, None), ..environment("spill", Environment { variables: SPILL, ..PLAIN }, "what is refused for good goes to standard output") },
    Scenario { fault: Fault::Status(500, None), expect: Expect { counted: Counted::All, ..GOOD.expect }, ..environment("spill, stdout closed", Environment { variables: SPILL, stdout: Output::Closed, ..PLAIN }, "what cannot be spilled is counted") },
    Scenario { fault: Fault::Status(500, None), expect: Expect { counted: Counted::All, ..GOOD.expect }, ..environment("spill, stdout full", Environment { variables: SPILL, stdout: Output::Full, ..PLAIN }, "what cannot be spilled is counted") },
    environment("exporter stdout", Environment { variables: STDOUT, ..PLAIN }, "a line for each invocation"),
    Scenario { expect: UNKNOWN, ..environment("exporter stdout, closed", Environment { variables: STDOUT, stdout: Output::Closed, ..PLAIN }, "a pipe without a reader changes no result") },
    Scenario { expect: UNKNOWN, ..environment("exporter stdout, full", Environment { variables: STDOUT, stdout: Output::Full, ..PLAIN }, "a full disk changes no result") },
    environment("exporter xray", Environment { variables: XRAY, xray_samples: true, ..PLAIN }, "datagrams to the daemon, which answers none"),
    Scenario { exported: Exported::None, ..environment("exporter xray, not sampled", Environment { variables: XRAY, ..PLAIN }, "X-Ray bills what it gets, so it gets nothing") },
    Scenario { expect: UNKNOWN, ..environment("exporter xray, no daemon", Environment { variables: NO_DAEMON, xray_samples: true, ..PLAIN }, "a datagram that nobody takes changes no result") },
    Scenario { exported: Exported::Failed, ..environment("keep errors, no error", Environment { variables: KEEP, ..PLAIN }, "what the sampler left out stays out") },
    Scenario { handler: Handler::Error, exported: Exported::Failed, invocations: (4, 50), ..environment("keep errors", Environment { variables: KEEP, ..PLAIN }, "an error is exported although the sampler left it out") },
    Scenario { handler: Handler::Error, exported: Exported::Failed, invocations: (300, 1_000), expect: Expect { counted: Counted::Some, ..GOOD.expect }, ..environment("keep errors, too many", Environment { variables: KEEP, ..PLAIN }, "those over the limit of ten a second are counted") },
    environment("stdout closed", Environment { stdout: Output::Closed, ..PLAIN }, "nothing of ours needs it"),
    environment("stdout full", Environment { stdout: Output::Full, ..PLAIN }, "nothing of ours needs it"),
    environment("variables garbage", Environment { variables: &[("THUNDRA_MAX_SPANS", b"many"), ("OTEL_TRACES_SAMPLER", b"???"), ("OTEL_PROPAGATORS", b",;=")], ..PLAIN }, "a bad value falls back"),
    environment("variables no text", Environment { variables: &[("THUNDRA_SPANS", b"\xff\xfe"), ("OTEL_SERVICE_NAME", b"\xc3\x28"), ("UNKNOWN\u{fc}", b"\x80")], ..PLAIN }, "a value may be no UTF-8"),
    environment("deadline in the past", Environment { deadline_behind: Duration::from_secs(60), ..PLAIN }, "clocks differ"),
    environment("headers missing", Environment { without: &["lambda-runtime-trace-id", "lambda-runtime-invoked-function-arn", "lambda-runtime-invocation-id"], ..PLAIN }, "an older Runtime API sends fewer"),
    environment("connection died while frozen", Environment { connections_die: true, ..PLAIN }, "it costs a retry and no data"),
    Scenario { fault: Fault::Status(503, None), end: End::ShutDownWaiting, expect: UNKNOWN, ..environment("shutdown, not asked for", PLAIN, "without an extension Lambda sends no SIGTERM") },
    Scenario { fault: Fault::Status(503, None), end: End::ShutDownWaiting, expect: TERMINATED, ..environment("shutdown", Environment { variables: SHUTDOWN, ..PLAIN }, "what waits goes out within the 500 ms there are") },
    Scenario { end: End::TerminatedIdle, ..environment("SIGTERM idle", PLAIN, "the exit status is the signal's") },
    Scenario { fault: Fault::Hanging, end: End::TerminatedExporting, expect: UNKNOWN, ..environment("SIGTERM while exporting", PLAIN, "the exit status is the signal's") },
];
