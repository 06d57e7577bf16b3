//! The changes reported by an event. The event lacks the context of the writer.

use std::borrow::Cow;

use thundra_core::{ScopeBuilder, ScopeRef, semconv};

use super::SpanPointer;
use crate::attributes::Attributes;

/// The most pointers on a span, as many as links by default. A batch of a stream may have 10,000 records.
pub(crate) const MAX_POINTERS: usize = 128;
/// The most buckets and tables to remember. Queues and topics usually deliver the events of one bucket.
const MAX_ORIGINS: usize = 16;

/// A bucket or a table, as in the texts of our reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A bucket by name. Names are unique in a partition of AWS.
    Bucket(String),
    /// A table by name.
    Table(String),
}

impl Resource {
    /// Returns the name in the memory of a scope.
    pub(super) fn origin(&self) -> String {
        match self {
            Resource::Bucket(name) => format!("bucket {name}"),
            Resource::Table(name) => format!("table {name}"),
        }
    }
}

/// A change of an object or of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    resource: Resource,
    /// The pointer to the written object or item. A deleted object has none.
    pointer: Option<SpanPointer>,
}

impl Change {
    /// Describes a change of an object. Only a created object has the entity tag from the response to the writer.
    pub(crate) fn of_object(bucket: &str, created: Option<(&str, &str)>) -> Option<Self> {
        let pointer = created.and_then(|(key, etag)| SpanPointer::of_object(bucket, key, etag));
        is_on().then(|| Change { resource: Resource::Bucket(bucket.to_owned()), pointer })
    }

    /// Describes a change of an item, given the primary key.
    pub(crate) fn of_item(table: &str, key: &[(Cow<'_, str>, Cow<'_, [u8]>)]) -> Option<Self> {
        let pointer = SpanPointer::of_item(table, key);
        is_on().then(|| Change { resource: Resource::Table(table.to_owned()), pointer })
    }
}

/// The changes reported by a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    described: Vec<Change>,
    /// The number of changes after [`MAX_POINTERS`] changes of the event, which are counted and not described.
    further: usize,
}

impl Changes {
    /// Returns the number of described changes.
    pub(crate) fn described(&self) -> usize {
        self.described.len()
    }

    /// Counts a further change.
    pub(crate) fn add_further(&mut self) {
        self.further += 1;
    }
}

impl Extend<Change> for Changes {
    fn extend<I: IntoIterator<Item = Change>>(&mut self, changes: I) {
        self.described.extend(changes);
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        Changes { described: changes.into_iter().collect(), further: 0 }
    }
}

/// Returns `false` for a program without the feature: events are then not read for changes.
pub(crate) const fn is_on() -> bool {
    cfg!(feature = "span-pointers")
}

/// Records the changes on the scope of the processing: the pointers as an attribute, the buckets and tables in the
/// memory of the scope.
pub(crate) fn describe<'c>(builder: ScopeBuilder, changes: impl IntoIterator<Item = &'c Changes>) -> ScopeBuilder {
    let (attributes, origins) = summary(changes);
    let builder = builder.own_attributes(attributes);
    if origins.is_empty() { builder } else { builder.origins(origins) }
}

/// Records the changes on an open scope as [`describe`] does.
pub(crate) fn describe_open<'c>(scope: ScopeRef, changes: impl IntoIterator<Item = &'c Changes>) {
    let (attributes, origins) = summary(changes);
    scope.set_attributes(&attributes);
    if !origins.is_empty() {
        scope.set_origins(origins);
    }
}

/// Returns the attributes, and the names of the buckets and tables.
fn summary<'c>(changes: impl IntoIterator<Item = &'c Changes>) -> (Attributes, Vec<String>) {
    let (mut pointers, mut dropped) = (Vec::new(), 0_usize);
    let mut resources: Vec<&Resource> = Vec::new();
    for Changes { described, further } in changes {
        dropped += further;
        for change in described {
            match change.pointer {
                Some(pointer) if pointers.contains(&pointer) => {}
                Some(pointer) if pointers.len() < MAX_POINTERS => pointers.push(pointer),
                Some(_) => dropped += 1,
                None => {}
            }
            if resources.len() < MAX_ORIGINS && !resources.contains(&&change.resource) {
                resources.push(&change.resource);
            }
        }
    }
    let mut attributes = Attributes::new();
    if !pointers.is_empty() {
        attributes.push((semconv::THUNDRA_SPAN_POINTERS_READ, texts(&pointers).into()));
    }
    if dropped > 0 {
        attributes.push((semconv::THUNDRA_SPAN_POINTERS_DROPPED, dropped.into()));
    }
    (attributes, resources.into_iter().map(Resource::origin).collect())
}

/// Returns the value of an attribute.
pub(super) fn texts(pointers: &[SpanPointer]) -> Vec<String> {
    pointers.iter().map(SpanPointer::to_string).collect()
}

#[cfg(all(test, feature = "span-pointers"))]
mod tests {
    use super::*;

    #[test]
    fn the_first_changes_of_an_event_have_pointers() {
        let object = |n: usize| Change::of_object("b", Some((&n.to_string(), "e")));
        let item = |_| Change::of_item("t", &[("id".into(), b"o-9"[..].into())]);
        let deleted = |_| Change::of_object("b", None);
        let count = |change: &dyn Fn(usize) -> Option<Change>, further: usize| {
            let first = (0..MAX_POINTERS).filter_map(change).collect();
            let (attributes, origins) = summary([&first, &Changes { further, ..Changes::default() }]);
            assert_eq!(origins.len(), 1);
            attributes.into_iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>()
        };
        let [pointers, dropped] = &count(&object, 72)[..] else { panic!("two attributes") };
        assert_eq!((pointers.split(',').count(), &**dropped), (128, "72"), "objects");
        let [pointers, dropped] = &count(&item, 72)[..] else { panic!("two attributes") };
        assert_eq!((pointers.split(',').count(), &**dropped), (1, "72"), "changes of one item");
        assert!(count(&deleted, 0).is_empty(), "deleted objects");
    }
}
