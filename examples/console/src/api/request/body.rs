//! The answer as it is written.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

/// The answer. A request may have tens of thousands of rows, so they are written without a tree of JSON.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub(super) seq: i64,
    pub(super) id: Option<&'a Value>,
    pub(super) correlated: Option<&'a Value>,
    pub(super) origin: i64,
    pub(super) duration: Option<&'a Value>,
    pub(super) truncated: i64,
    pub(super) summary: &'a Value,
    pub(super) services: &'a [String],
    pub(super) traces: Vec<Value>,
    pub(super) spans: Vec<Row<'a>>,
    pub(super) links: Vec<Value>,
    pub(super) groups: Vec<Value>,
    pub(super) critical: Vec<Piece>,
    pub(super) errors: Vec<usize>,
}

/// A span of the answer.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) span: i64,
    pub(super) id: String,
    pub(super) parent: Option<usize>,
    pub(super) parent_id: Option<String>,
    pub(super) trace: Option<usize>,
    pub(super) service: usize,
    pub(super) name: &'a str,
    pub(super) kind: &'static str,
    pub(super) start: f64,
    pub(super) duration: f64,
    pub(super) status: &'static str,
    pub(super) depth: usize,
    pub(super) descendants: usize,
    pub(super) error: Option<&'a str>,
    pub(super) events: usize,
    pub(super) logs: i64,
    pub(super) unfinished: bool,
    pub(super) skewed: bool,
    pub(super) peer: Option<&'a str>,
    pub(super) root: Option<Cow<'a, Value>>,
    pub(super) skipped: Option<&'a str>,
}

/// A piece of the critical path.
#[derive(Serialize)]
pub(super) struct Piece {
    pub(super) span: usize,
    pub(super) start: f64,
    pub(super) duration: f64,
}
