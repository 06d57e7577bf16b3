//! Hops without a carrier: an object of S3 and an item of DynamoDB take no context along.
//!
//! A write of a traced client and the invocation triggered by the write have no trace in common. Both name the object
//! or the item by the same [pointer], by which a viewer joins the two. The receiving side reads [changes](change) from
//! events, and the scope remembers the buckets and tables: a [write](written) back to a remembered bucket or table may
//! run in a circle.

pub(crate) mod change;
#[cfg(feature = "sdk")]
pub(crate) mod key_names;
pub(crate) mod number;
pub(crate) mod pointer;
#[cfg(feature = "sdk")]
pub(crate) mod written;

pub(crate) use change::{Change, Changes, describe, describe_open};
pub(crate) use pointer::SpanPointer;
#[cfg(feature = "sdk")]
pub(crate) use written::Written;
