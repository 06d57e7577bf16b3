//! Measurements: into the set of points of a scope, or of the process.

use std::cell::Cell;

use super::slab::SCOPES;
use super::slot::ScopeId;
use crate::points::attributes::AttributeSet;
use crate::points::collection;
use crate::points::instrument::{Identity, Number};
use crate::points::set::PointHash;
use crate::points::shards;

/// The memory in bytes kept by a thread for the next measurement.
const KEEP_BYTES: usize = 16 * 1024;

/// Adds a measurement to the points of a scope. Outside of scopes, and after the end of the scope, the points of the
/// process take the measurement.
#[inline]
pub(crate) fn measure(scope: Option<ScopeId>, identity: &Identity<'_>, attributes: &[u8], value: Number) {
    let hash = PointHash::of(identity.name.as_str(), identity.kind, attributes);
    measure_hashed(scope, identity, attributes, hash, value, 1);
}

/// Adds a measurement, taken `times` times, of a point with known hashes.
#[inline]
pub(crate) fn measure_hashed(
    scope: Option<ScopeId>,
    identity: &Identity<'_>,
    attributes: &[u8],
    hash: PointHash,
    value: Number,
    times: u64,
) {
    if !value.suits(identity.kind) {
        return collection::refuse(identity.name.as_str(), "a value is not finite, or a counter would go down");
    }
    if let Some(mut state) = scope.and_then(|scope| SCOPES.lock(scope)).filter(|state| !state.sealed) {
        return state.points.get_or_insert_default().record(identity, attributes, hash, value, times);
    }
    shards::of_thread().outside.get_or_insert_default().record(identity, attributes, hash, value, times);
}

/// Runs a closure with the empty attributes of the thread. New attributes serve a measurement during the formatting of
/// another measurement's value, and a thread during shutdown.
#[inline]
pub(crate) fn with_attributes<R>(then: impl FnOnce(&mut AttributeSet) -> R) -> R {
    thread_local! { static ATTRIBUTES: Cell<Option<Box<AttributeSet>>> = const { Cell::new(None) } }
    let mut attributes = ATTRIBUTES.try_with(Cell::take).ok().flatten().unwrap_or_default();
    attributes.clear();
    let result = then(&mut attributes);
    if attributes.capacity() <= KEEP_BYTES {
        let _ = ATTRIBUTES.try_with(|cell| cell.set(Some(attributes)));
    }
    result
}
