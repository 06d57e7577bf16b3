use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::baggage::{BaggageExt, BaggageMetadata};
use opentelemetry::trace::{SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use thundra_core::export::{Batch, Export};
use thundra_core::otel::{self, SdkExporter};
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Config, Env, NO_ATTRIBUTES, Scope, SpanExt, outbound};
use tracing::dispatcher::{DefaultGuard, set_default, with_default};
use tracing::{Instrument, Span, info, info_span};

use super::FRONT;

fn config() -> Config {
    Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "orders"), ("RUST_LOG", "off")]))
}

/// Records through the front, on this thread.
fn recording() -> DefaultGuard {
    set_default(&FRONT.dispatch(&config()))
}

#[tokio::test]
async fn a_scope_is_the_current_opentelemetry_context_at_each_poll() {
    let _recording = recording();
    let scope = Scope::builder("root").begin_with(&config());
    let expected = scope.context().unwrap();
    let ids = || {
        let context = Context::current();
        let span = context.span().span_context().clone();
        (span.trace_id().to_string(), span.span_id().to_string(), span.is_sampled())
    };
    let inside = scope
        .run(async {
            let before = ids();
            tokio::task::yield_now().await;
            assert_eq!(before, ids(), "after a suspension");
            assert_eq!(otel::context().span().span_context().span_id().to_string(), before.1);
            before
        })
        .await;
    assert_eq!(inside, (expected.trace_id.to_string(), expected.span_id.to_string(), true));
    assert!(!Context::current().has_active_span(), "it does not outlive the future");
}

#[test]
fn a_scope_that_nobody_records_has_the_context_of_its_calls() {
    let config = |pairs: &[(&str, &str)]| -> &'static Config {
        Box::leak(Box::new(Config::from_env(&Env::from_pairs(pairs.iter().copied()))))
    };
    let (off, disabled) = (config(&[("OTEL_TRACES_SAMPLER", "always_off")]), config(&[("OTEL_SDK_DISABLED", "true")]));
    let inside = |scope: &Scope| scope.enter(|| Context::current().span().span_context().clone());
    // Beside layers of a program, a scope begins at once.
    let unasked = |config| Scope::unasked(config, "request", Trust::Edge, std::iter::empty());
    for scope in unasked(off).into_iter().chain([Scope::builder("request").begin_with(off)]) {
        let (early, sent) = (inside(&scope), scope.context().unwrap());
        assert_eq!(early.trace_id().to_string(), sent.trace_id.to_string());
        assert_eq!((early.span_id().to_string(), early.is_sampled()), (sent.span_id.to_string(), false));
        assert_eq!(inside(&scope), early, "also after it began");
    }
    // An unsampled span would tell an SDK in the program not to record.
    for scope in unasked(disabled).into_iter().chain([Scope::builder("request").begin_with(disabled)]) {
        assert!(!inside(&scope).is_valid());
        assert!(scope.context().is_some() && !inside(&scope).is_valid(), "also after it began");
    }
    let received = |pairs: &[(&'static str, &'static str)]| {
        let inbound = Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Edge);
        Scope::builder("request").parent(inbound).begin_with(disabled)
    };
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let context = inside(&received(&[("traceparent", traceparent)]));
    assert_eq!((context.span_id().to_string().as_str(), context.is_sampled()), ("b7ad6b7169203331", true));
    let baggage = received(&[("baggage", "tenant=t-1")]);
    let tenant = || Context::current().baggage().get("tenant").map(ToString::to_string);
    assert_eq!(baggage.enter(tenant).as_deref(), Some("t-1"));
}

/// A scope that received this baggage.
fn receiving(baggage: &str) -> Scope {
    let pairs = [("baggage", baggage)];
    let inbound = Inbound::extract(pairs, Propagators::default(), Trust::Full);
    Scope::builder("root").parent(inbound).begin_with(&config())
}

/// What a call carries that is made here.
fn sent() -> Option<String> {
    let outbound = outbound(&Span::none()).unwrap();
    let pairs = outbound.pairs();
    pairs.into_iter().find(|(key, _)| *key == "baggage").map(|(_, value)| value)
}

fn current(key: &str) -> Option<String> {
    Context::map_current(|context| context.baggage().get(key).map(ToString::to_string))
}

#[tokio::test]
async fn received_baggage_is_in_the_current_context_and_goes_out_as_it_came() {
    let _recording = recording();
    let received = "z=1%202,tenant=caf%C3%A9;p=q;r , odd=100%";
    let inside = async {
        tokio::task::yield_now().await;
        let with_metadata = Context::map_current(|context| context.baggage().get_with_metadata("tenant").cloned());
        (current("z"), with_metadata, current("odd"), sent())
    };
    let (z, tenant, odd, out) = receiving(received).run(inside).await;
    assert_eq!((z.as_deref(), odd.as_deref()), (Some("1 2"), Some("100%")));
    assert_eq!(tenant, Some(("café".into(), BaggageMetadata::from("p=q;r"))));
    assert_eq!(out.as_deref(), Some("z=1%202,tenant=caf%C3%A9;p=q;r,odd=100%"));
    assert_eq!(receiving("a=1").enter(|| current("a")).as_deref(), Some("1"));
    assert_eq!(current("a"), None, "it does not outlive the scope");
}

#[test]
fn baggage_that_the_program_sets_goes_out_with_calls() {
    let _recording = recording();
    let set = |pairs: Vec<KeyValue>| Context::current_with_baggage(pairs).attach();
    for (received, set_in_scope, expected) in [
        ("", vec![("user", "u 1")], Some("user=u%201")),
        ("a=1", vec![("a", "2"), ("b", "ü,;=")], Some("a=2,b=%C3%BC%2C%3B%3D")),
        ("a=1", vec![("a", "1")], Some("a=1")),
        ("a=1", vec![], None),
    ] {
        let inside = || {
            let _attached = set(set_in_scope.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect());
            info_span!("span").in_scope(sent)
        };
        let scope = receiving(received);
        assert_eq!(scope.enter(inside).as_deref(), expected, "{received} and {set_in_scope:?}");
        assert_eq!(scope.enter(sent).as_deref(), Some(received).filter(|text| !text.is_empty()), "no longer");
    }
}

#[test]
fn baggage_goes_out_within_the_limits_of_w3c() {
    let _recording = recording();
    let scope = receiving("");
    let send = |pairs: &[(String, String)]| {
        let pairs = pairs.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let _attached = scope.enter(|| Context::current_with_baggage(pairs)).attach();
        scope.enter(sent)
    };
    let many: Vec<_> = (0..100).map(|n| (format!("key{n}"), "v".to_owned())).collect();
    assert_eq!(send(&many).map(|sent| sent.split(',').count()), Some(64));
    // As it is encoded, each value is three times as long: two of them fit.
    let long: Vec<_> = ["a", "b", "c"].map(|key| (key.to_owned(), " ".repeat(1300))).to_vec();
    assert_eq!(send(&long).map(|sent| sent.split(',').count()), Some(2));
    let bad = [("a b".to_owned(), "1".to_owned()), ("ok".to_owned(), "\r\nx: y".to_owned())];
    assert_eq!(send(&bad).as_deref(), Some("ok=%0D%0Ax%3A%20y"));
}

#[test]
fn a_scope_within_another_one_has_its_own_baggage_alone() {
    let _recording = recording();
    let outer = receiving("outer=1");
    outer.enter(|| {
        let nested = |baggage: Option<&str>| {
            let pairs = baggage.map(|baggage| ("baggage", baggage));
            let inbound = Inbound::extract(pairs, Propagators::default(), Trust::Full);
            let record = Scope::builder("record").parent(inbound).nested().begin_with(&config());
            record.enter(|| (current("outer"), sent()))
        };
        assert_eq!(nested(None), (None, None));
        assert_eq!(nested(Some("inner=2")), (None, Some("inner=2".to_owned())));
        assert_eq!(sent().as_deref(), Some("outer=1"));
        let _attached = Context::current_with_baggage([KeyValue::new("set", "outside")]).attach();
        assert_eq!(nested(None), (None, None));
    });
}

#[test]
fn baggage_of_one_scope_never_goes_out_with_a_call_of_another() {
    let _recording = recording();
    let (a, b, none) = (receiving("a=1"), receiving("b=2"), receiving(""));
    let baggage = |span: &Span| outbound(span).unwrap().baggage.map(|baggage| baggage.to_string());
    let spans = [&b, &none].map(|scope| scope.enter(|| info_span!("call")));
    a.enter(|| {
        let _attached = Context::current_with_baggage([KeyValue::new("set", "in a")]).attach();
        assert_eq!(baggage(&info_span!("own")).as_deref(), Some("set=in%20a"));
        assert_eq!(spans.each_ref().map(baggage), [Some("b=2".to_owned()), None]);
        // Here the code runs in the other scope, whose context is not attached.
        spans[0].in_scope(|| assert_eq!(sent().as_deref(), Some("b=2")));
    });
}

#[tokio::test]
async fn a_task_that_only_a_span_carries_sends_what_was_received() {
    let _recording = recording();
    let scope = receiving("a=1");
    let task = async { (sent(), otel::context().baggage().get("a").map(ToString::to_string)) };
    let spawned = scope.enter(|| tokio::spawn(task.instrument(info_span!("task"))));
    assert_eq!(spawned.await.unwrap(), (Some("a=1".to_owned()), Some("1".to_owned())));
}

#[cfg(feature = "otel-spans")]
#[tokio::test]
async fn the_span_that_is_entered_is_opentelemetrys_current_one() {
    let current = || Context::map_current(|context| context.span().span_context().span_id().to_string());
    let id = |span: &Span| span.trace_context().unwrap().span_id.to_string();
    let _recording = recording();
    let scope = receiving("a=1");
    let root = scope.context().unwrap().span_id.to_string();
    scope
        .run(async {
            assert_eq!(current(), root);
            let span = info_span!("span");
            async {
                assert_eq!(current(), id(&Span::current()));
                tokio::task::yield_now().await;
                assert_eq!(current(), id(&Span::current()), "after a suspension");
                let inner = info_span!("inner").entered();
                assert_eq!((current(), self::current("a").as_deref()), (id(&inner), Some("1")));
                let _debug = tracing::debug_span!("not recorded").entered();
                assert_eq!(current(), id(&inner));
                // Left in another order than entered.
                let innermost = info_span!("innermost").entered();
                drop(inner);
                assert_eq!(current(), id(&innermost));
                drop(innermost);
                assert_eq!(current(), id(&Span::current()));
                // A span that the program made current by hand is current until another one is entered.
                let cleared = Context::new().attach();
                assert_ne!(current(), id(&Span::current()));
                info_span!("again").in_scope(|| assert_eq!(current(), id(&Span::current())));
                drop(cleared);
            }
            .instrument(span)
            .await;
            assert_eq!(current(), root);
            let task = info_span!("task");
            let own = id(&task);
            assert_eq!(tokio::spawn(async move { current() }.instrument(task)).await.unwrap(), own);
        })
        .await;
    assert!(!Context::current().has_active_span());
    info_span!("outside of a scope").in_scope(|| assert!(!Context::current().has_active_span()));
}

/// At the first poll as at each one after it: a library would begin a trace of its own, and record it.
#[cfg(feature = "otel-spans")]
#[tokio::test]
async fn a_task_of_a_scope_that_is_not_recorded_has_its_context() {
    let env = [("OTEL_TRACES_SAMPLER", "always_off"), ("RUST_LOG", "off")];
    let config = Config::from_env(&Env::from_pairs(env));
    let _recording = set_default(&FRONT.dispatch(&config));
    let inbound = Inbound::extract([("baggage", "a=1")], Propagators::default(), Trust::Full);
    let scope = Scope::builder("root").parent(inbound).begin_with(&config);
    let expected = (scope.context().unwrap().trace_id.to_string(), false, Some("1".to_owned()));
    let task = async {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let span = Context::map_current(|context| context.span().span_context().clone());
            seen.push((span.trace_id().to_string(), span.is_sampled(), current("a")));
            tokio::task::yield_now().await;
        }
        seen
    };
    let spawned = scope.enter(|| tokio::spawn(task.instrument(info_span!("task"))));
    assert_eq!(spawned.await.unwrap(), [expected.clone(), expected]);
    assert!(!Context::current().has_active_span());
}

#[tokio::test]
async fn any_exporter_of_the_sdk_gets_what_was_recorded() {
    let config = config();
    let (_, spans) = FRONT.record_with(&config, "root", || {
        let span = info_span!("charge", otel.kind = "client", amount = 12, rate = 0.5, ok = true);
        span.in_scope(|| info!(step = 1, "paid"));
        span.add_link(&thundra_core::current().unwrap(), NO_ATTRIBUTES);
        span.record_error(&std::io::Error::other("declined"));
    });
    let charge = &spans[0];

    let scope = Scope::builder("root").begin_with(&config);
    let trace = with_default(&FRONT.dispatch(&config), || {
        scope.enter(|| {
            let span = info_span!("charge", otel.kind = "client", amount = 12, rate = 0.5, ok = true);
            span.in_scope(|| info!(step = 1, "paid"));
            span.record_error(&std::io::Error::other("declined"));
        });
        scope.finish()
    });
    let memory = InMemorySpanExporter::default();
    let exporter = SdkExporter::new(memory.clone());
    let batch = Batch::new(Arc::new(config.resource.clone()), trace);
    exporter.export(&batch, Instant::now() + Duration::from_secs(1)).await.unwrap();

    let exported = memory.get_finished_spans().unwrap();
    let span = exported.iter().find(|span| span.name == "charge").unwrap();
    assert_eq!((span.span_kind.clone(), span.status.clone()), (SpanKind::Client, Status::error("declined")));
    let root = exported.iter().find(|span| span.name == "root").unwrap();
    assert_eq!(span.parent_span_id, root.span_context.span_id());
    assert_eq!(
        span.attributes,
        [KeyValue::new("amount", 12_i64), KeyValue::new("rate", 0.5), KeyValue::new("ok", true)]
    );
    let events: Vec<_> = span.events.iter().map(|event| event.name.to_string()).collect();
    assert_eq!(events, ["paid", "exception"]);
    assert_eq!((charge.name.as_str(), charge.links.len()), ("charge", 1));
}
