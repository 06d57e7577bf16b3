//! The receiver of the data that a scope hands over: the backlog and the collection, or a test.

#[cfg(feature = "testing")]
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "testing")]
use crate::Config;
use crate::Records;
use crate::pipeline::backlog;
use crate::points::collection::{self, ScopeFacts};
use crate::points::set::Points;

/// The receiver of a scope and of the nested scopes. Without the feature `testing`, the receiver is always the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    #[cfg(feature = "testing")]
    test: Option<Arc<Inbox>>,
}

impl Receiver {
    /// Hands over spans or log records. The caller holds no lock of a scope.
    pub(crate) fn add(&self, records: Records) {
        #[cfg(feature = "testing")]
        if let Some(inbox) = &self.test {
            return inbox.add(records);
        }
        backlog::add(records);
    }

    /// Returns the configuration of the scopes of a test.
    #[cfg(feature = "testing")]
    pub(crate) fn config(&self) -> Option<&'static Config> {
        self.test.as_ref().and_then(|inbox| inbox.config)
    }

    /// Hands over points. The caller holds no lock of a scope.
    pub(crate) fn add_points(&self, points: Box<Points>, facts: &ScopeFacts) {
        #[cfg(feature = "testing")]
        if let Some(inbox) = &self.test {
            return inbox.add_points(points);
        }
        collection::hand_over(points, facts);
    }
}

/// The data of a scope, for a test.
#[cfg(feature = "testing")]
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Spans that ended after the scope.
    pub(crate) late_spans: Mutex<Records>,
    pub(crate) log_records: Mutex<Records>,
    pub(crate) points: Mutex<Option<Box<Points>>>,
    /// The configuration of nested scopes, in place of the configuration of the process.
    pub(crate) config: Option<&'static Config>,
}

#[cfg(feature = "testing")]
impl Inbox {
    /// Returns the receiver of a test.
    pub(crate) fn receiver(self: &Arc<Self>) -> Receiver {
        Receiver { test: Some(self.clone()) }
    }

    fn add(&self, records: Records) {
        let run = if records.signal() == crate::Signal::Logs { &self.log_records } else { &self.late_spans };
        // Each run has only records of the same signal, so `append` cannot fail.
        let _ = run.lock().unwrap_or_else(PoisonError::into_inner).append(records);
    }

    fn add_points(&self, mut points: Box<Points>) {
        match &mut *self.points.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(earlier) => earlier.merge(&mut points),
            vacant => *vacant = Some(points),
        }
    }
}
