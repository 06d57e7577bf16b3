//! Metric points: measurements, aggregated.
//!
//! ```text
//! measurement ─► set of the scope ─┬─ writer (EMF) ─► lines
//!      │                           └─► shards ─┐
//!      └─ outside of scopes ─────────► shards ─┴─► collection ─► registry ─► Records of metrics
//! ```
//!
//! A [set](set::Points) has a point for each instrument and attribute set. Each scope has a set with a separate lock.
//! The [shards] are the sets of the process.

pub(crate) mod attributes;
pub(crate) mod collection;
mod data;
mod encode;
mod exponential;
pub(crate) mod fields;
pub(crate) mod hash;
mod histogram;
pub(crate) mod instrument;
pub(crate) mod point;
mod registry;
pub(crate) mod set;
pub(crate) mod shards;
mod sum;
pub(crate) mod switch;
mod unaggregated;
mod values;

#[cfg(test)]
mod tests;
