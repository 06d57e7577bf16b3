//! Spans as an indented tree, for the console and for tests.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

use crate::carrier::CORRELATION_PREFIX;
use crate::{Escaped, SpanData, SpanId, SpanKind, Status, Value};

/// The greatest depth of a printed tree.
const MAX_DEPTH: usize = 200;

/// The part of a span in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Name, kind, outcome, attributes and events, which are equal in each run: all but the correlation ids.
    #[cfg_attr(not(feature = "testing"), allow(dead_code))]
    Shape,
    /// Durations and ids too.
    Everything,
}

/// Prints spans as trees, one for each root. A root is a span whose parent is not among the spans. Each span and event
/// takes one line, even if a text holds line breaks.
pub(crate) fn print(mut spans: Vec<SpanData>, show: Show) -> String {
    // Spans arrive in the order they ended; equal times keep that order reversed, so parents come first.
    spans.reverse();
    spans.sort_by_key(|span| span.start_time);
    let known: HashSet<SpanId> = spans.iter().map(|span| span.context.span_id).collect();
    let mut children: HashMap<Option<SpanId>, Vec<&SpanData>> = HashMap::new();
    for span in &spans {
        let parent = span.parent_span_id.filter(|id| known.contains(id) && *id != span.context.span_id);
        children.entry(parent).or_default().push(span);
    }
    let mut out = String::new();
    for root in children.get(&None).into_iter().flatten() {
        if show == Show::Everything {
            let _ = writeln!(out, "trace {}", root.context.trace_id);
        }
        print_below(&mut out, root, &children, show, "", "");
    }
    out
}

fn print_below(
    out: &mut String,
    span: &SpanData,
    children: &HashMap<Option<SpanId>, Vec<&SpanData>>,
    show: Show,
    first: &str,
    rest: &str,
) {
    let _ = writeln!(out, "{first}{}", line(span, show));
    for event in &span.events {
        let below = if children.contains_key(&Some(span.context.span_id)) { "│ " } else { "  " };
        let _ = writeln!(out, "{rest}{below}· {}{}", Escaped(&event.name), fields(&event.attributes));
    }
    let below = children.get(&Some(span.context.span_id)).map_or(&[][..], Vec::as_slice);
    // Deeper than anyone reads, and than a small stack holds.
    if rest.chars().count() > 2 * MAX_DEPTH && !below.is_empty() {
        let _ = writeln!(out, "{rest}└ …");
        return;
    }
    for (n, child) in below.iter().enumerate() {
        let (branch, line) = if n + 1 == below.len() { ("└ ", "  ") } else { ("├ ", "│ ") };
        print_below(out, child, children, show, &format!("{rest}{branch}"), &format!("{rest}{line}"));
    }
}

fn line(span: &SpanData, show: Show) -> String {
    let mut line = Escaped(&span.name).to_string();
    if span.kind != SpanKind::Internal {
        let _ = write!(line, " [{}]", span.kind.as_str());
    }
    if show == Show::Everything {
        let _ = write!(line, " {}", short(span.duration()));
    }
    match &span.status {
        Status::Unset => {}
        Status::Ok => line.push_str(" ok"),
        Status::Error { description } => {
            let _ = write!(line, " ✗ {}", Escaped(description));
        }
    }
    let is_shown = |key: &str| show == Show::Everything || !key.starts_with(CORRELATION_PREFIX);
    line.push_str(&fields(span.attributes.iter().filter(|(key, _)| is_shown(key))));
    for link in &span.links {
        let _ = match show {
            Show::Shape => write!(line, " →"),
            Show::Everything => write!(line, " → {}", link.context.span_id),
        };
    }
    let dropped = span.dropped_attributes + span.dropped_events + span.dropped_links;
    if dropped > 0 {
        let _ = write!(line, " ({dropped} dropped)");
    }
    line
}

fn fields<'a>(attributes: impl IntoIterator<Item = &'a (String, Value)>) -> String {
    attributes.into_iter().fold(String::new(), |mut text, (key, value)| {
        let _ = write!(text, " {}={}", Escaped(key), Escaped(&value.to_string()));
        text
    })
}

/// A duration with three digits: `12.3ms`.
fn short(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let (value, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s => (s * 1e6, "µs"),
    };
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Env, Scope, SpanExt};

    #[test]
    fn texts_of_others_stay_on_their_line() {
        let config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
        let spans: Vec<_> = tracing::subscriber::with_default(crate::subscriber(&config), || {
            let scope = Scope::builder("root\n\u{1b}[2J").begin_with(&config);
            scope.enter(|| {
                let span = tracing::info_span!("x");
                span.set_attribute("key\r", "a\nthundra: forged\u{9b}31m");
                span.set_attribute("list", vec!["\u{202e}".to_owned(), "\u{7f}".to_owned()]);
                span.set_status(Status::error("why\u{2028}"));
                span.in_scope(|| tracing::info!(field = "\u{85}", "event\n└ span"));
            });
            scope.finish().spans().collect()
        });
        assert_eq!(
            print(spans, Show::Shape),
            "root\\n\\u{1b}[2J thundra.parent.source=none\n\
             └ x ✗ why\\u{2028} key\\r=a\\nthundra: forged\\u{9b}31m list=[\\u{202e},\\u{7f}]\n\
             \x20   · event\\n└ span field=\\u{85}\n"
        );
    }
}
