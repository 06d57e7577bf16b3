//! Spans as a text that is equal in each run.

use super::choice::Choice;
use super::printer::Printer;
use crate::SpanData;

/// A printer of spans for snapshots: `assert_eq!`, `insta::assert_snapshot!`, or a file.
///
/// The text is equal in each run, on each machine and with each version of a dependency:
///
/// - Times and ids are left out, and so are attributes that depend on the run, the machine, the account or the version
///   of a library: `code.*`, `thread.*`, `process.*`, `network.peer.*`, `user_agent.*`, `x-correlation-*`, ids of
///   requests, figures of the usage of an invocation, and cold starts. [`with`](Self::with) shows an attribute left out
///   by default, and [`without`](Self::without) leaves out another attribute.
/// - In the other values, names and texts, a part that looks like a value of the run is replaced by `<uuid>`, `<id>`,
///   `<address>`, `<port>` (of the local machine) or `<time>`.
/// - Attributes are sorted by key, and spans with the same parent by text. Spans of concurrent work start in any order.
///   [`in_order_of_start`](Self::in_order_of_start) keeps the order of sequential work.
///
/// # Examples
///
/// ```
/// use thundra_core::testing::{self, Snapshot};
///
/// let (_, spans) = testing::record("checkout", || {
///     tracing::info_span!("reserve", order = 7).in_scope(|| {});
///     tracing::info_span!("charge", order = 7, code.line.number = 12).in_scope(|| tracing::info!(cents = 5, "paid"));
/// });
/// assert_eq!(testing::snapshot(&spans), "
/// checkout
/// ├ charge order=7
/// │   · paid cents=5
/// └ reserve order=7
/// ".trim_start());
///
/// let snapshot = Snapshot::new().in_order_of_start().only(["cents"]).with("code.line.number");
/// assert_eq!(snapshot.print(&spans), "
/// checkout
/// ├ reserve
/// └ charge code.line.number=12
///     · paid cents=5
/// ".trim_start());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Snapshot {
    choice: Choice,
}

/// Returns spans as a text that is equal in each run: see [`Snapshot`].
///
/// # Examples
///
/// ```
/// use thundra_core::testing;
///
/// let (_, spans) = testing::record("checkout", || {});
/// assert_eq!(testing::snapshot(&spans), "checkout\n");
/// ```
pub fn snapshot(spans: &[SpanData]) -> String {
    Snapshot::new().print(spans)
}

impl Snapshot {
    /// Makes a printer.
    pub fn new() -> Self {
        Snapshot::default()
    }

    /// Shows an attribute that is left out by default, with the unchanged value.
    pub fn with(mut self, key: impl Into<String>) -> Self {
        self.choice.with.insert(key.into());
        self
    }

    /// Leaves out an attribute.
    pub fn without(mut self, key: impl Into<String>) -> Self {
        self.choice.without.insert(key.into());
        self
    }

    /// Shows only the given attributes, and the attributes of [`with`](Self::with).
    pub fn only(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choice.only = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// Puts spans with the same parent in the order of the starts, for sequential work.
    pub fn in_order_of_start(mut self) -> Self {
        self.choice.by_start = true;
        self
    }

    /// Returns the text: a tree for each root. A root is a span whose parent is not among the spans.
    pub fn print(&self, spans: &[SpanData]) -> String {
        Printer::new(&self.choice, spans).print(spans)
    }
}
