//! Recording: from `tracing` spans to finished OTLP bytes.
//!
//! ```text
//!                ┌─ subscriber: the id is the slot ─┐
//! tracing span ──┤                                  ├─► recording ─► slab: the scope, locked ─► open_span
//!                └─ layer ─► span_index: id to slot ┘       │ fields
//!                                                           └─ fields ─► bytes, before any lock is taken
//! ```
//!
//! Two thin fronts share the [recorder](recording). Where no layer of the program shares the subscriber, the front is a
//! [subscriber of our own](subscriber): an [id](packed_id) of `tracing` is the place of the span, and nothing is looked
//! up. Beside other layers, the front is a [`layer`] on a `Registry`, and the [`span_index`] leads from a span to the
//! place by two lock-free reads. Without the feature `registry`, there is no layer.
//!
//! A [scope](crate::Scope) owns a place in the [`slab`], with the open spans and the bytes of the ended spans. Each
//! place has a lock, and recording a span takes no other lock.
//!
//! Fields are encoded in a buffer of the thread before the scope is locked. A user's `Debug` therefore runs outside the
//! lock, free to record spans.

pub(crate) mod bare_scope;
mod callsite_numbers;
pub(crate) mod callsites;
pub(crate) mod current;
pub(crate) mod debug_logs;
pub(crate) mod description;
pub(crate) mod edit;
pub(crate) mod entered;
pub(crate) mod event_filter;
pub(crate) mod events;
mod fields;
pub(crate) mod filter;
pub(crate) mod further_uses;
mod handle_counts;
mod handles;
#[cfg(feature = "registry")]
mod hidden_spans;
pub(crate) mod kept_lines;
pub(crate) mod kept_writer;
#[cfg(feature = "registry")]
pub(crate) mod layer;
#[cfg(not(feature = "registry"))]
#[path = "no_layer.rs"]
pub(crate) mod layer;
#[cfg(feature = "registry")]
mod layer_filters;
pub(crate) mod levels;
mod line_buffer;
pub(crate) mod line_filter;
pub(crate) mod log_records;
pub(crate) mod measure;
pub(crate) mod missing_spans;
pub(crate) mod nested_replay;
pub(crate) mod open_span;
pub(crate) mod otel_context;
pub(crate) mod others;
mod own_code;
mod packed_id;
#[cfg(feature = "registry")]
mod parent;
pub(crate) mod receiver;
mod record_buffer;
mod recording;
pub(crate) mod replay;
pub(crate) mod runtime_events;
pub(crate) mod scope_log;
pub(crate) mod scope_names;
pub(crate) mod scope_span;
pub(crate) mod scope_state;
pub(crate) mod shown_ids;
pub(crate) mod slab;
pub(crate) mod slot;
#[cfg(feature = "registry")]
mod span_index;
pub(crate) mod subscriber;
#[cfg(feature = "registry")]
mod sync;
pub(crate) mod tail;
mod token_bucket;
pub(crate) mod unfinished;
pub(crate) mod waiting;

#[cfg(test)]
mod tests;
