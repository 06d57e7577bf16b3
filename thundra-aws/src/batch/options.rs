//! The options of the work on a batch, with defaults by the order of the source.

use std::time::{Duration, SystemTime};

use thundra_core::{Config, ScopeRef};

use super::queue::Holds;
use super::source::{Grouping, Order};

/// The number of records without order worked on at a time, equal to the default size of a batch of SQS.
const CONCURRENCY: usize = 10;

/// The options of the work on a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) concurrency: Option<usize>,
    /// `true` to go on after a failure on a stream.
    pub(super) continues: bool,
    pub(super) reports_full_failure: bool,
    pub(super) margin: Option<Duration>,
    /// The configuration of a test.
    pub(super) config: Option<&'static Config>,
}

impl Options {
    pub(super) fn config(&self) -> &'static Config {
        self.config.unwrap_or_else(thundra_core::config_of_scopes)
    }

    /// Returns the number of records to work on at a time.
    pub(super) fn concurrency(&self, order: Order) -> usize {
        self.concurrency.unwrap_or(if order.is_ordered() { 1 } else { CONCURRENCY })
    }

    /// Returns the records held back by a failure.
    pub(super) fn holds(&self, order: Order) -> Holds {
        match order {
            Order::Unordered | Order::Results => Holds::Nothing,
            Order::Groups | Order::Streams => Holds::Group,
            Order::Stream if self.continues => Holds::Group,
            Order::Queue if self.continues => Holds::Nothing,
            Order::Stream | Order::Queue => Holds::Batch,
        }
    }

    /// Returns the definition of a group.
    pub(super) fn grouping(&self) -> Grouping {
        if self.continues { Grouping::Narrow } else { Grouping::Default }
    }

    /// Returns `true` if no further record of the invocation is to begin.
    pub(super) fn is_too_late(&self, invocation: Option<ScopeRef>) -> bool {
        let Some((margin, invocation)) = self.margin.zip(invocation) else { return false };
        let left = |deadline: SystemTime| deadline.duration_since(SystemTime::now()).unwrap_or_default();
        invocation.deadline().is_some_and(|deadline| left(deadline) < margin)
    }
}
