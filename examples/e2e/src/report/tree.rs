//! One trace as a tree.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use thundra_core::Escaped;

use super::{Kind, Span, short};

/// Draws a trace with a line for each span: start, duration, place in the tree, description. A program and its trigger
/// are named where the trace enters the program.
#[must_use]
pub fn tree(trace: &[&Span]) -> String {
    let begin = trace.iter().map(|span| span.start_time_unix_nano).min().unwrap_or(0);
    let mut drawing = Drawing { below: BTreeMap::new(), begin, text: String::new() };
    let mut roots = Vec::new();
    for &span in trace {
        let parent = span.parent.as_deref();
        match trace.iter().find(|other| parent == Some(&other.id)) {
            Some(parent) => drawing.below.entry(parent.id.as_str()).or_default().push(span),
            None => roots.push(span),
        }
    }
    for spans in drawing.below.values_mut() {
        spans.sort_by_key(|span| span.start_time_unix_nano);
    }
    roots.sort_by_key(|span| span.start_time_unix_nano);
    for root in roots {
        drawing.draw(root, None, "", "");
    }
    drawing.text
}

struct Drawing<'s> {
    below: BTreeMap<&'s str, Vec<&'s Span>>,
    begin: u64,
    text: String,
}

impl<'s> Drawing<'s> {
    fn draw(&mut self, span: &'s Span, above: Option<&str>, branch: &str, indent: &str) {
        self.line(span, above, branch);
        // Removed from the map, so that a malformed trace with a circle ends as well.
        let children = self.below.remove(span.id.as_str()).unwrap_or_default();
        let last = children.len().saturating_sub(1);
        for (index, child) in children.into_iter().enumerate() {
            let (branch, more) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(child, Some(&span.program), &format!("{indent}{branch}"), &format!("{indent}{more}"));
        }
    }

    fn line(&mut self, span: &Span, above: Option<&str>, branch: &str) {
        let offset = std::time::Duration::from_nanos(span.start_time_unix_nano.saturating_sub(self.begin));
        let _ = write!(self.text, "{:>9} {:>9}  {branch}", format!("+{}", short(offset)), short(span.duration()));
        if above != Some(&span.program) {
            let _ = write!(self.text, "{} ▸ ", Escaped(&span.program));
        }
        let _ = write!(self.text, "{}", Escaped(&span.name));
        let details = details(span);
        if !details.is_empty() {
            let _ = write!(self.text, "  [{}]", Escaped(&details.join(", ")));
        }
        if let Some(error) = &span.error {
            let said = error.lines().next().or(span.attribute("error.type")).unwrap_or("error");
            let _ = write!(self.text, "  ✗ {}", Escaped(said));
        }
        for link in &span.links {
            let _ = write!(self.text, "  ⇢ {}/{}", start(&link.trace), start(&link.span));
        }
        self.text.push('\n');
    }
}

/// Returns the notable attributes of a span.
fn details(span: &Span) -> Vec<String> {
    let mut details = Vec::new();
    match span.kind {
        Kind::Internal => {}
        kind => details.push(format!("{kind:?}").to_lowercase()),
    }
    let shown = ["faas.trigger", "messaging.system", "http.response.status_code"];
    details.extend(shown.iter().filter_map(|key| span.attribute(key)).map(str::to_owned));
    if span.attribute("faas.coldstart") == Some("true") {
        details.push("cold start".to_owned());
    }
    details
}

/// Returns the first digits of an id.
fn start(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::super::Link;
    use super::super::span::tests::order;
    use super::*;

    #[test]
    fn a_trace_is_drawn_as_a_tree() {
        let spans = order();
        let expected = "
    +0 µs   40.0 ms  orders ▸ POST /orders  [server]
 +2.00 ms   8.00 ms  ├─ quote
 +3.00 ms   6.00 ms  │  └─ GET  [client]
 +20.0 ms   8.00 ms  └─ orders send  [producer, aws.sns]
 +30.0 ms   60.0 ms     └─ billing ▸ orders process  [consumer, aws.sns]  ✗ card declined
";
        assert_eq!(format!("\n{}", tree(&spans.iter().collect::<Vec<_>>())), expected);
    }

    #[test]
    fn a_span_is_one_line_whatever_it_is_called() {
        let mut spans = order();
        spans.retain(|span| span.id == "04");
        for span in &mut spans {
            (span.name, span.program) = ("a\n\u{1b}[2J".to_owned(), "b\r".to_owned());
            span.error = Some("c\u{2028}\u{9b}".to_owned());
            span.attributes.insert("messaging.system".to_owned(), "d\u{202e}".to_owned());
        }
        let expected = "    +0 µs   8.00 ms  b\\r ▸ a\\n\\u{1b}[2J  [producer, d\\u{202e}]  ✗ c\\u{2028}\\u{9b}\n";
        assert_eq!(tree(&spans.iter().collect::<Vec<_>>()), expected);
    }

    #[test]
    fn links_and_orphans_are_shown() {
        let mut spans = order();
        spans.retain(|span| span.id == "04");
        let link = Link { trace: "0123456789".to_owned(), span: "ab".to_owned() };
        spans.iter_mut().for_each(|span| span.links.push(link.clone()));
        let expected = "    +0 µs   8.00 ms  orders ▸ orders send  [producer, aws.sns]  ⇢ 01234567/ab\n";
        assert_eq!(tree(&spans.iter().collect::<Vec<_>>()), expected);
    }
}
