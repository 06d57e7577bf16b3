//! fastrace, with the same work written against fastrace's API. Attributes are texts, so numbers are formatted.
//!
//! The suite starts this program.

use std::borrow::Cow;
use std::hint::black_box;

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::future::FutureExt;
use fastrace::prelude::{Event, LocalSpan, Span};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use thundra_bench_suite::twin::{DEPTH, EVENT_EVERY, Order, Pending};
use thundra_bench_suite::{Export, Result, Sink, Stack, Work};

fn main() -> Result<()> {
    thundra_bench_suite::run_with_fastrace(local)
}

struct Fastrace;

/// Sets up local spans, the faster API of fastrace, with the OpenTelemetry reporter if the spans are encoded.
fn local(export: Export) -> Result<Box<dyn Stack>> {
    match export {
        Export::Drop => fastrace::set_reporter(Dropped(Sink::new(export)), Config::default()),
        _ => {
            let resource = Resource::builder().with_service_name("orders").build();
            let scope = InstrumentationScope::builder("bench").build();
            let reporter = OpenTelemetryReporter::new(Sink::new(export), Cow::Owned(resource), scope);
            fastrace::set_reporter(reporter, Config::default());
        }
    }
    Ok(Box::new(Fastrace))
}

struct Dropped(Sink);

impl Reporter for Dropped {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        self.0.spans(spans.len());
    }
}

type Text = Cow<'static, str>;

fn properties(i: u64) -> [(Text, Text); 3] {
    [
        ("retry.attempt".into(), black_box(i).to_string().into()),
        ("db.system".into(), black_box("dynamodb").into()),
        ("order.id".into(), Order(i).to_string().into()),
    ]
}

fn event(i: u64) {
    if i.is_multiple_of(EVENT_EVERY) {
        LocalSpan::add_event(Event::new("cache miss").with_property(|| ("item", i.to_string())));
    }
}

fn root() -> Span {
    Span::root("invoke", SpanContext::random())
}

#[inline(never)]
fn chain(i: u64, n: u64, depth: u64) -> u64 {
    let _span = LocalSpan::enter_with_local_parent("dynamodb.query").with_properties(|| properties(i));
    event(i);
    let next = i + 1;
    if depth > 1 && next < n { chain(next, n, depth - 1) } else { next }
}

impl Stack for Fastrace {
    fn workload_a(&self, n: u64) {
        let root = root();
        let _entered = root.set_local_parent();
        let mut next = 0;
        while next < n {
            next = chain(next, n, DEPTH);
        }
    }

    fn varied(&self, _: u64) {
        unimplemented!("varied spans are written against `tracing`");
    }

    fn spawned(&self, n: u64) -> Work<'_> {
        let all = async move {
            for i in 0..n {
                let span = Span::enter_with_local_parent("call").with_properties(|| properties(i));
                let task = async move {
                    event(i);
                    Pending(2).await;
                };
                tokio::spawn(task.in_span(span)).await.expect("the task does not panic");
            }
        };
        Box::pin(all.in_span(root()))
    }

    fn in_turn(&self, n: u64) -> Work<'_> {
        let all = async move {
            for i in 0..n {
                let span = Span::enter_with_local_parent("call").with_properties(|| properties(i));
                let call = async move {
                    event(i);
                    Pending(1).await;
                };
                call.in_span(span).await;
            }
        };
        Box::pin(all.in_span(root()))
    }

    fn flush(&self) {
        fastrace::flush();
    }
}
