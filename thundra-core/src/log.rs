//! Log events as lines of JSON on standard error, each with the ids of its span and its chain of calls.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use serde_json::{Map, Value as Json};
use tracing::Event;
use tracing::field::{Field, Visit};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::{ScopeRef, scope};

/// Writes an event as a line.
pub(crate) fn write(event: &Event<'_>) {
    let mut line = line(event);
    line.push('\n');
    // A closed standard error is nobody's trouble.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn line(event: &Event<'_>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let mut line = String::with_capacity(256);
    line.push('{');
    let mut put = |key: &str, value: &Json| {
        let comma = if line.len() > 1 { "," } else { "" };
        let _ = write!(line, "{comma}{}:{value}", Json::from(key));
    };
    let mut time = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    put("timestamp", &time.into());
    put("level", &event.metadata().level().as_str().into());
    put("message", &fields.message.into());
    put("target", &event.metadata().target().into());
    if let Some(context) = scope::current() {
        put("trace_id", &context.trace_id.to_string().into());
        put("span_id", &context.span_id.to_string().into());
    }
    if let Some(ids) = ScopeRef::current().and_then(|scope| scope.correlation()) {
        ids.iter().for_each(|(key, value)| put(key, &value.into()));
    }
    fields.others.iter().for_each(|(key, value)| put(key, value));
    line.push('}');
    line
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Json>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Json>) {
        let key = match field.name() {
            // What the line says by itself is not said twice under one key.
            name @ ("timestamp" | "level" | "target" | "trace_id" | "span_id") => format!("fields.{name}"),
            name => name.to_owned(),
        };
        self.others.insert(key, value.into());
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" { self.message = value.to_owned() } else { self.put(field, value) }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" { self.message = text } else { self.put(field, text) }
    }
}
