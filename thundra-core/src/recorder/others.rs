//! The data of a scope besides spans.

use super::scope_state::ScopeState;
use crate::Records;
use crate::points::collection::ScopeFacts;
use crate::points::set::Points;

/// The log records and the points of a sealed scope.
#[derive(Debug)]
pub(crate) struct Others {
    pub(crate) log_records: Records,
    pub(crate) points: Option<(Box<Points>, ScopeFacts)>,
}

impl ScopeState {
    /// Takes the data besides spans, at the end of the scope. Most scopes have only spans.
    #[inline]
    pub(crate) fn take_others(&mut self) -> Option<Others> {
        let nothing = self.log_records.is_empty() && self.points.is_none() && self.kept_lines.is_empty();
        if nothing { None } else { Some(self.take_some_others()) }
    }

    #[cold]
    fn take_some_others(&mut self) -> Others {
        self.kept_lines.discard();
        Others { log_records: self.take_log_records(), points: self.take_points() }
    }
}
