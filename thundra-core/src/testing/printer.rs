//! The tree of a snapshot.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::choice::Choice;
use super::values::stable;
use crate::{Escaped, SpanData, SpanId, SpanKind, Status, Value};

/// The greatest depth of a printed tree.
const MAX_DEPTH: usize = 200;

/// A printer of spans, with the choice of a snapshot.
pub(super) struct Printer<'a> {
    choice: &'a Choice,
    /// The ids of the spans.
    ids: HashSet<String>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(choice: &'a Choice, spans: &[SpanData]) -> Self {
        let contexts = spans.iter().flat_map(|span| {
            let links = span.links.iter().map(|link| &link.context);
            links.chain([&span.context]).flat_map(|context| [context.trace_id.to_string(), context.span_id.to_string()])
        });
        let parents = spans.iter().filter_map(|span| Some(span.parent_span_id?.to_string()));
        Printer { choice, ids: contexts.chain(parents).collect() }
    }

    /// Returns a tree for each root.
    pub(super) fn print(&self, spans: &[SpanData]) -> String {
        let known: HashSet<SpanId> = spans.iter().map(|span| span.context.span_id).collect();
        let mut below: HashMap<Option<SpanId>, Vec<&SpanData>> = HashMap::new();
        // Spans arrive in the order of the ends. With equal times, parents and earlier spans come first.
        let mut spans: Vec<_> = spans.iter().rev().collect();
        spans.sort_by_key(|span| span.start_time);
        for span in spans {
            let parent = span.parent_span_id.filter(|id| known.contains(id) && *id != span.context.span_id);
            below.entry(parent).or_default().push(span);
        }
        let mut out = String::new();
        self.branches(None, &below, 0).iter().for_each(|root| root.print(&mut out, "", ""));
        out
    }

    fn branches(
        &self,
        parent: Option<SpanId>,
        below: &HashMap<Option<SpanId>, Vec<&SpanData>>,
        depth: usize,
    ) -> Vec<Branch> {
        let spans = below.get(&parent).map_or(&[][..], Vec::as_slice);
        if depth > MAX_DEPTH && !spans.is_empty() {
            return vec![Branch { line: "…".to_owned(), ..Branch::default() }];
        }
        let branch = |span: &&SpanData| Branch {
            line: self.line(span),
            events: span.events.iter().map(|event| self.text(&event.name, &event.attributes)).collect(),
            below: self.branches(Some(span.context.span_id), below, depth + 1),
        };
        let mut branches: Vec<_> = spans.iter().map(branch).collect();
        if !self.choice.by_start {
            branches.sort();
        }
        branches
    }

    fn line(&self, span: &SpanData) -> String {
        let mut line = self.shown(&span.name);
        if span.kind != SpanKind::Internal {
            let _ = write!(line, " [{}]", span.kind.as_str());
        }
        match &span.status {
            Status::Unset => {}
            Status::Ok => line.push_str(" ok"),
            Status::Error { description } => {
                let _ = write!(line, " ✗ {}", self.shown(description));
            }
        }
        self.attributes(&mut line, &span.attributes);
        line.push_str(&" →".repeat(span.links.len()));
        line
    }

    fn text(&self, name: &str, attributes: &[(String, Value)]) -> String {
        let mut line = self.shown(name);
        self.attributes(&mut line, attributes);
        line
    }

    fn attributes(&self, line: &mut String, attributes: &[(String, Value)]) {
        let mut attributes: Vec<_> = attributes.iter().collect();
        attributes.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (key, value) in attributes {
            let value = value.to_string();
            let _ = match self.choice.shows(key) {
                true => write!(line, " {}={}", Escaped(key), Escaped(&value)),
                false if self.choice.takes(key) => write!(line, " {}={}", Escaped(key), self.shown(&value)),
                false => continue,
            };
        }
    }

    fn shown(&self, text: &str) -> String {
        Escaped(&stable(text, &self.ids)).to_string()
    }
}

/// A printed span with the spans below.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Branch {
    line: String,
    events: Vec<String>,
    below: Vec<Branch>,
}

impl Branch {
    fn print(&self, out: &mut String, first: &str, rest: &str) {
        let _ = writeln!(out, "{first}{}", self.line);
        for event in &self.events {
            let _ = writeln!(out, "{rest}{}· {event}", if self.below.is_empty() { "  " } else { "│ " });
        }
        for (n, branch) in self.below.iter().enumerate() {
            let (first, below) = if n + 1 == self.below.len() { ("└ ", "  ") } else { ("├ ", "│ ") };
            branch.print(out, &format!("{rest}{first}"), &format!("{rest}{below}"));
        }
    }
}
