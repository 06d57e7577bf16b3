//! The writes of a call: an object or items. The changes may trigger functions, perhaps the writing function.

use thundra_core::{ScopeRef, SpanExt, Value, diagnostics, semconv};
use tracing::Span;

use super::SpanPointer;
use super::change::{MAX_POINTERS, Resource, texts};

/// The writes of a call.
#[derive(Debug, Default)]
pub(crate) struct Written {
    resources: Vec<Resource>,
    /// The bucket and the key of an object. The response has the entity tag.
    object: Option<(String, String)>,
    pointers: Vec<SpanPointer>,
}

impl Written {
    /// Describes a write of an object. `None` if an access point names the bucket: the bucket of an access point is
    /// unknown.
    pub(crate) fn of_object(bucket: &str, key: Option<&str>) -> Option<Self> {
        if bucket.contains(':') || bucket.ends_with("-s3alias") {
            return None;
        }
        let object = key.map(|key| (bucket.to_owned(), key.to_owned()));
        Some(Written { resources: vec![Resource::Bucket(bucket.to_owned())], object, pointers: Vec::new() })
    }

    /// Adds a table, given the name or the ARN.
    pub(crate) fn add_table(&mut self, table: &str) {
        let table = Resource::Table(table_name(table).to_owned());
        if !self.resources.contains(&table) {
            self.resources.push(table);
        }
    }

    /// Adds an item.
    pub(crate) fn add(&mut self, pointer: SpanPointer) {
        self.pointers.push(pointer);
    }

    /// Removes unprocessed items.
    pub(crate) fn remove(&mut self, unprocessed: &Written) {
        self.pointers.retain(|pointer| !unprocessed.pointers.contains(pointer));
    }

    /// Adds the object, given the entity tag in the response.
    pub(crate) fn add_version(&mut self, etag: &str) {
        let pointer = self.object.take().and_then(|(bucket, key)| SpanPointer::of_object(&bucket, &key, etag));
        self.pointers.extend(pointer);
    }

    /// Records the writes of a successful call on the span of the call.
    pub(crate) fn record(&self, span: &Span) {
        let kept = self.pointers.get(..MAX_POINTERS).unwrap_or(&self.pointers);
        if !kept.is_empty() {
            span.set_attribute(semconv::THUNDRA_SPAN_POINTERS_WRITTEN, Value::from(texts(kept)));
        }
        let dropped = self.pointers.len() - kept.len();
        if dropped > 0 {
            span.set_attribute(semconv::THUNDRA_SPAN_POINTERS_DROPPED, dropped);
        }
    }

    /// Marks a call with a write to the bucket or the table that triggered the scope by a change. Reports a bucket,
    /// once.
    ///
    /// A table is marked, and not reported: designs with a single table write back on purpose, behind a filter.
    pub(crate) fn report_loops(&self, scope: ScopeRef, span: &Span, operation: &str) {
        let looping = self.resources.iter().filter(|resource| scope.has_origin(&resource.origin()));
        for resource in looping {
            span.set_attribute(semconv::THUNDRA_LOOP_SUSPECTED, true);
            if let Resource::Bucket(bucket) = resource {
                diagnostics::once(
                    &format!("loop.s3 {bucket}"),
                    format_args!(
                        "{operation} writes to the bucket {bucket}, whose event triggered this invocation: the write invokes \
                         the function again, without end, unless the prefix, the suffix or the event types of the \
                         notification leave the object out (reported once)"
                    ),
                );
            }
        }
    }
}

/// Returns the name of a table, given the name or the ARN.
pub(crate) fn table_name(table: &str) -> &str {
    table.rsplit_once(":table/").map_or(table, |(_, name)| name.split('/').next().unwrap_or(name))
}
