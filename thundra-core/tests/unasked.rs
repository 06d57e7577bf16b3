//! Scopes that begin only where something asks them, beside scopes that begin at once.

#![allow(clippy::unwrap_used)]

use thundra_core::propagation::{Extraction, Inbound, Propagators, Trust};
use thundra_core::{Config, Env, Scope, ScopeRef, correlation, outbound};
use tracing::subscriber::with_default;
use tracing::{Instrument, Span, info_span};

const PARENT: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OFF: (&str, &str) = ("OTEL_TRACES_SAMPLER", "always_off");

type Pairs<'a> = &'a [(&'a str, &'a [u8])];

fn config(pairs: &[(&str, &str)]) -> &'static Config {
    Box::leak(Box::new(Config::from_env(&Env::from_pairs(pairs.iter().copied()))))
}

fn unasked(config: &'static Config, trust: Trust, pairs: Pairs<'_>) -> Option<Scope> {
    Scope::unasked(config, "request", trust, pairs.iter().copied())
}

fn begun(config: &'static Config, trust: Trust, pairs: Pairs<'_>) -> Scope {
    let mut extraction = Extraction::new(config.propagators, trust);
    extraction.take_all(|| pairs.iter().copied());
    Scope::builder("request").parent(extraction.finish()).begin_with(config)
}

/// Returns what a call made in a scope carries, but for random ids.
fn sent() -> Vec<(&'static str, String)> {
    let outbound = outbound(&Span::current()).unwrap();
    let hidden = |key: &str, value: String| match key {
        "traceparent" => value.get(52..).unwrap().to_owned(),
        "x-amzn-trace-id" => value.rsplit(';').next().unwrap().to_owned(),
        "x-correlation-id" if value.len() == 36 => "a new one".to_owned(),
        _ => value,
    };
    let carried = ["traceparent", "x-amzn-trace-id", "call-chain-length", "debug-log-enabled", "User-Agent"];
    let pairs = outbound.pairs();
    let mut sent: Vec<_> = carried
        .into_iter()
        .filter_map(|key| {
            pairs.iter().find(|(known, _)| *known == key).map(|(_, value)| (key, hidden(key, value.clone())))
        })
        .collect();
    let ids = outbound.correlation.iter().map(|(key, value)| format!("{key}={}", hidden(key, value.to_owned())));
    sent.push(("ids", ids.collect::<Vec<_>>().join(" ")));
    sent.push(("formats", format!("{:?}", outbound.formats)));
    sent
}

#[test]
fn a_scope_begun_when_asked_is_the_scope_begun_at_once() {
    let carriers: [Pairs<'_>; 7] = [
        &[],
        &[("User-Agent", b"curl/8")],
        &[("x-correlation-id", b"c-1"), ("X-Correlation-Order", b"o-9"), ("x-correlation-order", b"o-10")],
        &[("x-correlation-order", b"\xff"), ("x-correlation-user", b"u-1")],
        &[("call-chain-length", b"3"), ("x-correlation-id", b"c-1")],
        &[("x-correlation-", b""), ("x-correlation-a", &[b'a'; 300])],
        &[("x-correlation-a", &[b'a'; 250]), ("x-correlation-b", &[b'b'; 250]), ("x-correlation-c", &[b'c'; 250])],
    ];
    let disabled = ("OTEL_SDK_DISABLED", "true");
    let variables = [&[disabled][..], &[OFF], &[("OTEL_TRACES_SAMPLER", "parentbased_always_off")], &[disabled, OFF]];
    let xray = ("OTEL_PROPAGATORS", "tracecontext,xray-lambda");
    for variables in variables.into_iter().chain([&[disabled, xray][..], &[OFF, xray]]) {
        let config = config(variables);
        with_default(thundra_core::subscriber(config), || {
            for (pairs, trust) in carriers.iter().flat_map(|pairs| [(*pairs, Trust::Edge), (*pairs, Trust::Full)]) {
                let of = |scope: Scope| {
                    assert!(!scope.recorded() && !scope.is_finished());
                    let sent = scope.enter(sent);
                    let (handle, context) = (*scope, scope.context().unwrap());
                    assert_eq!(handle.context(), Some(context.clone()), "it began once");
                    assert!(scope.finish().is_empty() && handle.is_finished() && handle.context().is_none());
                    (sent, context.sampled, context.random)
                };
                let at_once = of(begun(config, trust, pairs));
                assert_eq!(of(unasked(config, trust, pairs).unwrap()), at_once, "{variables:?} {pairs:?} {trust:?}");
            }
        });
    }
}

#[test]
fn a_scope_that_something_asks_for_certain_begins_at_once() {
    let off = config(&[OFF]);
    for (key, value, trust, waits) in [
        ("traceparent", PARENT, Trust::Edge, false),
        ("tracestate", b"a=1", Trust::Edge, false),
        ("baggage", b"a=1", Trust::Edge, false),
        ("x-amzn-trace-id", b"Root=1-5759e988-bd862e3fe1be46a994272793", Trust::Edge, false),
        ("AWSTraceHeader", b"Root=1-5759e988-bd862e3fe1be46a994272793", Trust::Edge, false),
        ("X-Correlation-TraceParent", PARENT, Trust::Edge, false),
        ("debug-log-enabled", b"true", Trust::Full, false),
        ("debug-log-enabled", b"true", Trust::Edge, true),
    ] {
        assert_eq!(unasked(off, trust, &[(key, value)]).is_some(), waits, "{key} {trust:?}");
    }
    for (variables, waits) in [
        (&[][..], false),
        (&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")], false),
        (&[OFF, ("THUNDRA_KEEP", "errors")], false),
        (&[OFF, ("THUNDRA_DEBUG_SAMPLE_RATE", "0.5")], false),
        (&[("OTEL_SDK_DISABLED", "true"), ("THUNDRA_KEEP", "errors"), ("THUNDRA_DEBUG_SAMPLE_RATE", "1")], true),
    ] {
        assert_eq!(unasked(config(variables), Trust::Edge, &[]).is_some(), waits, "{variables:?}");
    }
}

#[tokio::test]
async fn every_handle_of_a_scope_wakes_it() {
    let off = config(&[OFF]);
    let pairs: Pairs<'_> = &[("x-correlation-id", b"c-1")];
    let id = |scope: ScopeRef| scope.correlation().and_then(|ids| ids.get("id").map(str::to_owned));
    let _default = tracing::subscriber::set_default(thundra_core::subscriber(off));
    let scope = unasked(off, Trust::Edge, pairs).unwrap();
    let handle = *scope;
    assert_eq!(std::thread::spawn(move || id(handle)).join().unwrap().as_deref(), Some("c-1"), "a handle elsewhere");
    drop(scope);
    assert_eq!(id(handle), None, "it is gone");
    // The next scope has the place, and another id.
    let scope = unasked(off, Trust::Edge, &[("x-correlation-id", b"c-2")]).unwrap();
    assert_eq!((id(handle), id(*scope).as_deref()), (None, Some("c-2")));
    drop(scope);
    let scope = unasked(off, Trust::Edge, pairs).unwrap();
    let current = scope.run(async {
        let spawned = async move { id(ScopeRef::current().unwrap()) };
        tokio::spawn(spawned.instrument(info_span!("task"))).await.unwrap()
    });
    assert_eq!(current.await.as_deref(), Some("c-1"), "a span in a task");
    drop(scope.finish());
    let unread = unasked(off, Trust::Edge, pairs).unwrap();
    let handle = *unread;
    drop(unread.finish());
    assert!(handle.is_finished() && id(handle).is_none(), "nobody asked");
}

#[tokio::test]
async fn the_current_span_leads_to_a_scope_without_a_span() {
    let (off, on) = (config(&[OFF]), config(&[]));
    let _default = tracing::subscriber::set_default(thundra_core::subscriber(on));
    let pairs: Pairs<'_> = &[("x-correlation-id", b"c-1")];
    let inbound = Inbound::extract([("x-correlation-id", "c-1")], on.propagators, Trust::Edge);
    let recorded = Scope::builder("request").parent(inbound).begin_request(on, &|_| {});
    assert!(recorded.recorded());
    for scope in [unasked(off, Trust::Edge, pairs).unwrap(), recorded] {
        assert!(scope.span().is_none());
        let look = || {
            let current = Span::current();
            let place = current.metadata().map(|metadata| (metadata.target(), metadata.name()));
            assert_eq!((place, Span::current().id()), (Some(("thundra", "scope")), current.id()));
            info_span!("inner").in_scope(|| assert_ne!(Span::current().id(), current.id()));
            info_span!(parent: &current, "below").in_scope(|| assert_eq!(ScopeRef::current(), Some(*scope)));
            current.in_scope(|| assert_eq!(Span::current().id(), current.id()));
            tokio::spawn(async { correlation::id() }.in_current_span())
        };
        let looked = scope.run(async {
            let task = look();
            task.await.unwrap()
        });
        for id in [scope.enter(look).await.unwrap(), looked.await] {
            assert_eq!(id.as_deref(), Some("c-1"));
            assert!(Span::current().is_none());
        }
    }
}

#[test]
fn formats_that_are_off_are_off_in_a_scope_begun_when_asked() {
    let none = config(&[OFF, ("OTEL_PROPAGATORS", "none")]);
    let scope = unasked(none, Trust::Edge, &[("x-correlation-id", b"c-1")]).unwrap();
    assert_eq!(none.propagators, Propagators::NONE);
    assert_ne!(scope.correlation().unwrap().get("id"), Some("c-1"));
}
