//! OTLP as the rows of the store. Nothing here knows the store: a [`Batch`] is made by whoever took the telemetry in.

mod attributes;
mod batch;
mod bounds;
mod invocation;
mod log;
mod peer;
mod point;
mod receipt;
mod report;
mod span;
mod value;
mod waiting;

pub(crate) use attributes::{find, number_of, text_of};
pub(crate) use batch::{Batch, Rejected, Resource};
pub(crate) use bounds::{cut, time};
pub(crate) use invocation::Invocation;
pub(crate) use log::LogRow;
pub(crate) use peer::{NodeKind, Peer, received_from};
pub(crate) use point::PointRow;
pub(crate) use receipt::Receipt;
pub(crate) use report::Report;
pub(crate) use span::{Root, SpanRow, flag, is_correlation};
pub(crate) use value::{hash, json, text, type_name};
