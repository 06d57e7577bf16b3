//! The format `json`: a JSON object a line, with the ids of the span, and the fields and correlation ids of the scope.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::{Buffers, Format};
use crate::contained::{PANICKED, contained};
use crate::escape::first_unsafe;
use crate::recorder::entered;
use crate::recorder::slab::SCOPES;
use crate::redact::mask;
use crate::semconv::FUNCTION_REQUEST_ID;

/// The field for the target of a `log` record, in the event that `tracing-log` makes.
const BRIDGED_TARGET: &str = "log.target";

/// The format.
pub(super) struct Json;

impl Format for Json {
    fn line<'a>(buffers: &'a mut Buffers, event: &Event<'_>, metadata: &Metadata<'_>) -> &'a [u8] {
        buffers.clear();
        let bridged = !std::ptr::eq(metadata, event.metadata());
        mask::visit(event, &mut Fields { buffers, bridged });

        let Buffers { line, message, fields, value } = buffers;
        value.clear();
        let _ = SystemTime.format_time(&mut Writer::new(value));
        let (level, target) = (metadata.level().as_str(), metadata.target());
        for part in [r#"{"timestamp":""#, value.as_str(), r#"","level":""#, level, r#"""#] {
            line.extend_from_slice(part.as_bytes());
        }
        key(line, "message");
        string(line, message);
        key(line, "target");
        string(line, target);
        if let Some(slot) = entered::innermost()
            && let Some(scope) = SCOPES.lock(slot.scope)
        {
            if let Some(span_id) = scope.span_id(slot.index()) {
                let _ = write!(line, r#","trace_id":"{}","span_id":"{span_id}""#, scope.trace_id);
            }
            line.extend_from_slice(scope.log_fields.as_deref().unwrap_or_default());
            for (name, id) in scope.correlation.iter() {
                key(line, name);
                string(line, id);
            }
        }
        line.extend_from_slice(fields);
        // Finding the largest byte takes many bytes at a time.
        if line.iter().fold(0, |largest, byte| largest.max(*byte)) >= 0x7f {
            escape(line);
        }
        line.extend_from_slice(b"}\n");
        line
    }
}

/// Appends a member to an object with at least one member.
pub(crate) fn member(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    string(out, value);
}

/// Appends the key of a member to an object with at least one member.
fn key(out: &mut Vec<u8>, key: &str) {
    out.push(b',');
    string(out, key);
    out.push(b':');
}

fn string(out: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// Escapes characters that JSON allows unescaped and terminals interpret.
#[cold]
fn escape(out: &mut Vec<u8>) {
    if std::str::from_utf8(out).is_ok_and(|written| first_unsafe(written).is_none()) {
        return;
    }
    let written = String::from_utf8_lossy(&std::mem::take(out)).into_owned();
    let mut rest = written.as_str();
    while let Some((at, c)) = first_unsafe(rest) {
        // None of these characters has more than four hexadecimal digits.
        let _ = write!(out, "{}\\u{:04x}", rest.get(..at).unwrap_or(""), u32::from(c));
        rest = rest.get(at + c.len_utf8()..).unwrap_or("");
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Writes the fields of an event to the buffers.
struct Fields<'a> {
    buffers: &'a mut Buffers,
    /// `true` if the event was a record of the `log` crate.
    bridged: bool,
}

impl Fields<'_> {
    /// Writes the key of a field, and returns the buffer for the value.
    fn value_of(&mut self, field: &Field) -> &mut Vec<u8> {
        let fields = &mut self.buffers.fields;
        match field.name() {
            // The keys of the line itself are not repeated.
            name @ ("timestamp" | "level" | "message" | "target" | "trace_id" | "span_id" | FUNCTION_REQUEST_ID) => {
                key(fields, &format!("fields.{name}"));
            }
            name if name.starts_with("x-correlation-") => key(fields, &format!("fields.{name}")),
            name => key(fields, name),
        }
        fields
    }

    fn format(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let mut text = std::mem::take(&mut self.buffers.value);
        text.clear();
        // A failed text is cut at the failure. A panic must not reach the caller, who only wrote a log line.
        if contained(|| text.write_fmt(value)).is_none() {
            PANICKED.clone_into(&mut text);
        }
        string(self.value_of(field), &mask::value(&text));
        self.buffers.value = text;
    }
}

impl Visit for Fields<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        let _ = write!(self.value_of(field), "{value}");
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let _ = write!(self.value_of(field), "{value}");
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has neither infinities nor NaN: `null`.
        let _ = serde_json::to_writer(self.value_of(field), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        let _ = write!(self.value_of(field), "{value}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.buffers.message.push_str(&mask::value(value)),
            // Written as the target of the line.
            BRIDGED_TARGET if self.bridged => {}
            _ => string(self.value_of(field), &mask::value(value)),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.format(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let message = &mut self.buffers.message;
            if contained(|| write!(message, "{value:?}")).is_none() {
                message.push_str(PANICKED);
            }
            if let Cow::Owned(masked) = mask::value(message) {
                *message = masked;
            }
        } else {
            self.format(field, format_args!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    use super::*;
    use crate::Scope;

    /// Collects the lines.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl<S: tracing::Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let line =
                String::from_utf8(Json::line(&mut Buffers::default(), event, event.metadata()).to_vec()).unwrap();
            self.0.lock().unwrap().push(line);
        }
    }

    fn lines(f: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines.clone()), f);
        let lines = lines.0.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line.strip_suffix('\n').unwrap()).unwrap()).collect()
    }

    #[test]
    fn a_line_has_the_fields_and_the_ids() {
        let scope = Scope::builder("orders").default_correlation_id("c-1").begin();
        let context = scope.context().unwrap();
        let [inside, outside] = &lines(|| {
            scope.enter(|| tracing::warn!(count = 1_u64, ratio = 0.5, ok = true, who = ?"a\"b\n", "sold {}", "out"));
            tracing::info!("alone");
        })[..] else {
            panic!("two lines")
        };
        scope.finish();
        assert!(inside["timestamp"].as_str().unwrap().ends_with('Z'));
        for (key, value) in [
            ("level", json!("WARN")),
            ("message", json!("sold out")),
            ("target", json!("thundra_core::log::json::tests")),
            ("trace_id", json!(context.trace_id.to_string())),
            ("span_id", json!(context.span_id.to_string())),
            ("x-correlation-id", json!("c-1")),
            ("count", json!(1)),
            ("ratio", json!(0.5)),
            ("ok", json!(true)),
            ("who", json!("\"a\\\"b\\n\"")),
        ] {
            assert_eq!(inside[key], value, "{key}");
        }
        assert_eq!((outside["message"].as_str(), outside.get("trace_id")), (Some("alone"), None));
    }

    #[test]
    fn a_line_holds_no_control_character() {
        let given = "a\n\u{1b}\u{7f}b\u{85}\u{9b}é\u{2028}\u{202e}\"日";
        let subscriber = tracing_subscriber::registry();
        let lines = Lines::default();
        tracing::subscriber::with_default(subscriber.with(lines.clone()), || tracing::info!(value = given, "{given}"));
        let line = lines.0.lock().unwrap().remove(0);
        let line = line.strip_suffix('\n').unwrap();
        assert_eq!(first_unsafe(line), None, "{line}");
        let read: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&read["message"], &read["value"]), (&json!(given), &json!(given)));
    }

    #[test]
    fn a_line_has_the_fields_of_its_scope_and_of_the_scopes_around_it() {
        let invocation = Scope::builder("orders").log_field("function_request_id", "r-\"1\"").begin();
        let lines = lines(|| {
            invocation.enter(|| {
                let record = Scope::builder("record").nested().begin();
                record.enter(|| tracing::info!(function_request_id = "mine", "in the record"));
                record.finish();
                tracing::info!("in the invocation");
            });
            let request = Scope::builder("request").begin();
            request.enter(|| tracing::info!("elsewhere"));
            request.finish();
        });
        invocation.finish();
        let ids: Vec<_> = lines.iter().map(|line| line["function_request_id"].as_str()).collect();
        assert_eq!(ids, [Some("r-\"1\""), Some("r-\"1\""), None]);
        assert_eq!(lines[0]["fields.function_request_id"], json!("mine"));
    }

    #[test]
    fn fields_never_take_the_place_of_what_the_line_says() {
        let line = lines(|| tracing::info!(level = 3, trace_id = "mine", x_ray = f64::NAN, "hello")).remove(0);
        assert_eq!((&line["level"], &line["fields.level"]), (&json!("INFO"), &json!(3)));
        assert_eq!((&line["fields.trace_id"], &line["x_ray"]), (&json!("mine"), &json!(null)));
        let line = lines(|| tracing::info!(message = 5)).remove(0);
        assert_eq!((&line["message"], &line["fields.message"]), (&json!(""), &json!(5)));
    }
}
