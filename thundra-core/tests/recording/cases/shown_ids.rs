//! The ids of a scope in the lines of a program's own `fmt` layer.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Scope, SpanData};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Logs a line in a scope, and returns the line and the spans.
fn logged<L>(received: &[(&str, &str)], layer: impl FnOnce(Lines) -> L) -> (String, Vec<SpanData>)
where
    L: tracing_subscriber::Layer<tracing_subscriber::Registry> + Send + Sync,
{
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(layer(lines.clone())).with(thundra_core::layer());
    let spans = tracing::subscriber::with_default(subscriber, || {
        let scope = Scope::builder("import")
            .parent(Inbound::extract(received.iter().copied(), Propagators::default(), Trust::Full))
            .begin();
        scope.enter(|| tracing::info_span!("step").in_scope(|| tracing::info!("late")));
        scope.finish().spans().collect()
    });
    let line = String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap();
    (line, spans)
}

#[test]
fn a_line_of_the_program_has_the_ids_of_the_scope() {
    let (line, spans) = logged(&[("x-correlation-id", "c-1")], |lines| {
        tracing_subscriber::fmt::layer().with_writer(lines).with_ansi(false).without_time()
    });
    let trace_id = spans[0].context.trace_id;
    let scope = format!("scope{{otel.name=import trace_id={trace_id} correlation_id=c-1}}:step");
    assert!(line.contains(&scope), "{line}");
}

#[test]
fn a_line_of_json_has_the_ids_of_the_scope() {
    let received = [("x-correlation-id", "c-1"), ("x-correlation-order", "o-9"), ("x-correlation-user", "u-1")];
    let (line, spans) = logged(&received, |lines| tracing_subscriber::fmt::layer().json().with_writer(lines));
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let expected = serde_json::json!({
        "name": "scope",
        "otel.name": "import",
        "trace_id": spans[0].context.trace_id.to_string(),
        "correlation_id": "c-1",
        "correlation": "order=o-9 user=u-1",
    });
    assert_eq!(line["spans"][0], expected);
}

#[test]
fn the_fields_are_no_attributes() {
    let (_, spans) = logged(&[], |lines| tracing_subscriber::fmt::layer().with_writer(lines));
    let root = spans.iter().find(|span| span.name == "import").unwrap();
    let keys: Vec<_> = root.attributes.iter().map(|(key, _)| &**key).collect();
    assert_eq!(keys, ["thundra.parent.source", "x-correlation-id"]);
}
