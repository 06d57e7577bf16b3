//! The format `text`, for people: `2026-11-26T11:44:58.123456Z  INFO orders::db: sold out order=9 trace_id=…`.

use std::io::Write;

use tracing::Level;

use super::format::{FieldValue, Format, Head, Parts, SPAN_ID, TRACE_ID};
use super::timestamp::rfc3339;
use crate::members::Members;
use crate::recorder::scope_state::ScopeState;
use crate::{Config, Escaped, SpanId, semconv};

/// The shown fields of a scope. All other fields are left out, because each line would repeat the same values.
const SHOWN: [&str; 2] = [semconv::FUNCTION_REQUEST_ID, semconv::TENANT_ID];

/// The format.
#[derive(Debug)]
pub(super) struct Text {
    /// `true` for colours, by the escape sequences of terminals.
    pub(super) is_coloured: bool,
}

impl Format for Text {
    fn program(&self, _: &Config) -> Members {
        Members::default()
    }

    fn scope(&self, scope: &mut ScopeState, _: &Members, out: &mut Members) {
        for (key, value) in scope.log.appended.iter().flat_map(|appended| appended.iter()) {
            self.pair(key, &value.to_string(), out);
        }
        let fields = scope.log.fields.iter().flat_map(|fields| fields.iter());
        for (key, value) in fields.filter(|(key, _)| SHOWN.contains(&&**key)) {
            self.pair(key, &value.to_string(), out);
        }
        for (key, id) in scope.correlation.shown() {
            self.pair(key, &id, out);
        }
        self.pair(TRACE_ID, &scope.trace_id.to_string(), out);
    }

    fn span(&self, id: SpanId, out: &mut Members) {
        self.pair(SPAN_ID, &id.to_string(), out);
    }

    fn is_own(&self, _: &str, _: Option<&Head<'_>>) -> bool {
        false
    }

    fn field(&self, key: &str, value: FieldValue<'_>, out: &mut Members) {
        match value {
            FieldValue::Text(text) => self.pair(key, text, out),
            FieldValue::Integer(number) => self.pair(key, &number.to_string(), out),
            FieldValue::Float(number) => self.pair(key, &number.to_string(), out),
            FieldValue::Bool(is_true) => self.pair(key, if is_true { "true" } else { "false" }, out),
        }
    }

    fn line(&self, head: &Head<'_>, parts: Parts<'_>, out: &mut Vec<u8>) {
        self.dim(out, |out| rfc3339(out, head.time_unix_nano));
        out.push(b' ');
        self.styled(out, colour(head.level), |out| {
            let _ = write!(out, "{:>5}", head.level.as_str());
        });
        out.push(b' ');
        self.dim(out, |out| {
            let _ = write!(out, "{}:", Escaped(head.target));
        });
        let _ = write!(out, " {}", Escaped(parts.message));
        let mut own = Members::default();
        if let Some(name) = head.event_name {
            self.pair("event", name, &mut own);
        }
        if let Some((file, line)) = head.location {
            self.pair("location", &format!("{file}:{line}"), &mut own);
        }
        out.extend_from_slice(own.as_bytes());
        out.extend_from_slice(parts.fields.as_bytes());
        out.extend_from_slice(parts.scope.as_bytes());
        out.push(b'\n');
    }
}

impl Text {
    /// Appends a key and its value.
    fn pair(&self, key: &str, value: &str, out: &mut Members) {
        out.raw(|out| {
            out.push(b' ');
            self.dim(out, |out| {
                let _ = write!(out, "{}=", Escaped(key));
            });
            let is_plain = !value.is_empty() && !value.contains([' ', '"', '=', '\\']);
            let _ = match is_plain {
                true => write!(out, "{}", Escaped(value)),
                false => write!(out, "\"{}\"", Escaped(&value.replace('\\', r"\\").replace('"', "\\\""))),
            };
        });
    }

    fn dim(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.styled(out, "2", write);
    }

    /// Writes in a style, by the
    /// [number](https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters).
    fn styled(&self, out: &mut Vec<u8>, style: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.is_coloured {
            return write(out);
        }
        let _ = write!(out, "\u{1b}[{style}m");
        write(out);
        out.extend_from_slice(b"\x1b[0m");
    }
}

/// Returns the colour of a level, as in the lines of tracing-subscriber.
const fn colour(level: Level) -> &'static str {
    match level {
        Level::TRACE => "35",
        Level::DEBUG => "34",
        Level::INFO => "32",
        Level::WARN => "33",
        Level::ERROR => "31",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_ours_and_those_of_a_text_are_escaped() {
        for (is_coloured, expected) in [
            (
                true,
                "\u{1b}[31mERROR\u{1b}[0m \u{1b}[2morders:\u{1b}[0m \\u{1b}[2J \u{1b}[2mkey\\n=\u{1b}[0m\"a \\u{1b}[0m\"\n",
            ),
            (false, "ERROR orders: \\u{1b}[2J key\\n=\"a \\u{1b}[0m\"\n"),
        ] {
            let (text, mut fields, mut line) = (Text { is_coloured }, Members::default(), Vec::new());
            text.field("key\n", FieldValue::Text("a \u{1b}[0m"), &mut fields);
            let head =
                Head { time_unix_nano: 0, level: Level::ERROR, target: "orders", event_name: None, location: None };
            let (program, scope) = (Members::default(), Members::default());
            let parts = Parts { message: "\u{1b}[2J", program: &program, scope: &scope, fields: &fields };
            text.line(&head, parts, &mut line);
            let line = String::from_utf8(line).unwrap();
            assert!(line.contains("1970-01-01T00:00:00.000000Z") && line.ends_with(expected), "{line:?}");
        }
    }
}
