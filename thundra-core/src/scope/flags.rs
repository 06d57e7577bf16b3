//! Facts about a scope, shared by the crates around a scope.

use std::ops::BitOr;

use crate::recorder::scope_state::COLD_START;

/// A set of facts about the work of a scope. Flags are only ever added while the scope is open.
///
/// The flags of all crates are defined in one place: no two facts may share a bit.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct ScopeFlags(u32);

impl ScopeFlags {
    /// No flag at all.
    pub const NONE: Self = ScopeFlags(0);
    /// The handler was called: the event could be read as the handler's input type.
    pub const HANDLER_CALLED: Self = ScopeFlags(1);
    /// The work is the response to an HTTP request, and no server layer began the scope.
    pub const HTTP_REQUEST: Self = ScopeFlags(1 << 1);
    /// A server layer has seen the request of the scope. Further requests in the scope are other requests.
    pub const REQUEST_SEEN: Self = ScopeFlags(1 << 2);
    /// The handler's output is an HTTP response, with a status code.
    pub const HTTP_RESPONSE: Self = ScopeFlags(1 << 3);
    /// The event is a batch, of a kind with separable records.
    pub const BATCH: Self = ScopeFlags(1 << 4);
    /// The records of the batch were processed in separate scopes.
    pub const BATCH_HANDLED: Self = ScopeFlags(1 << 5);
    /// An untrusted caller wrote the event.
    pub const UNTRUSTED_CALLER: Self = ScopeFlags(1 << 6);
    /// The availability zone was asked for, and not known when the scope began.
    pub const ZONE_ASKED: Self = ScopeFlags(1 << 7);
    /// The work is a cold start of a function: its initialisation, or the first invocation after the initialisation.
    pub const COLD_START: Self = ScopeFlags(COLD_START);
    /// A failure of the program is recorded. Later failures caused by the recorded failure do not overwrite the record.
    pub const FAILED: Self = ScopeFlags(1 << 9);
    /// The HTTP response has a status of 500 or more.
    pub const HTTP_ERROR: Self = ScopeFlags(1 << 10);
    /// Some records of the batch failed, and the function reported the records.
    pub const RECORDS_FAILED: Self = ScopeFlags(1 << 11);
    /// The trigger of the work is an HTTP request. `BY_HTTP` and the flags below are set where metrics are recorded.
    pub const BY_HTTP: Self = ScopeFlags(1 << 12);
    /// The trigger of the work is a message.
    pub const BY_PUBSUB: Self = ScopeFlags(1 << 13);
    /// The trigger of the work is a store or a stream.
    pub const BY_DATASOURCE: Self = ScopeFlags(1 << 14);
    /// The trigger of the work is a schedule.
    pub const BY_TIMER: Self = ScopeFlags(1 << 15);
    /// The chain of calls is longer than the program allows. The handler is not called.
    pub const CHAIN_TOO_LONG: Self = ScopeFlags(1 << 16);

    /// The work is a part of a durable execution. The handler's output has the status and the result of the execution.
    pub const DURABLE_EXECUTION: Self = ScopeFlags(1 << 18);
    /// The work is the whole run of a program, without a limit of time. Scopes inside export spans by themselves.
    pub const PROGRAM: Self = ScopeFlags(1 << 19);

    pub(super) const fn from_bits(bits: u32) -> Self {
        ScopeFlags(bits)
    }

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// Returns `true` if all of `flags` are set.
    pub const fn contains(self, flags: ScopeFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for ScopeFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        ScopeFlags(self.0 | other.0)
    }
}

impl std::fmt::Debug for ScopeFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = [
            (Self::HANDLER_CALLED, "HANDLER_CALLED"),
            (Self::HTTP_REQUEST, "HTTP_REQUEST"),
            (Self::REQUEST_SEEN, "REQUEST_SEEN"),
            (Self::HTTP_RESPONSE, "HTTP_RESPONSE"),
            (Self::BATCH, "BATCH"),
            (Self::BATCH_HANDLED, "BATCH_HANDLED"),
            (Self::UNTRUSTED_CALLER, "UNTRUSTED_CALLER"),
            (Self::ZONE_ASKED, "ZONE_ASKED"),
            (Self::COLD_START, "COLD_START"),
            (Self::FAILED, "FAILED"),
            (Self::BY_HTTP, "BY_HTTP"),
            (Self::BY_PUBSUB, "BY_PUBSUB"),
            (Self::BY_DATASOURCE, "BY_DATASOURCE"),
            (Self::BY_TIMER, "BY_TIMER"),
            (Self::HTTP_ERROR, "HTTP_ERROR"),
            (Self::RECORDS_FAILED, "RECORDS_FAILED"),
            (Self::CHAIN_TOO_LONG, "CHAIN_TOO_LONG"),
            (Self::DURABLE_EXECUTION, "DURABLE_EXECUTION"),
            (Self::PROGRAM, "PROGRAM"),
        ];
        f.debug_set().entries(names.into_iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn flags_add_up_and_a_reused_scope_has_none() {
        let scope = Scope::builder("flagged").begin();
        assert_eq!(scope.flags(), ScopeFlags::NONE);
        scope.set_flags(ScopeFlags::BATCH);
        scope.set_flags(ScopeFlags::HANDLER_CALLED | ScopeFlags::BATCH);
        assert!(scope.flags().contains(ScopeFlags::BATCH) && scope.flags().contains(ScopeFlags::HANDLER_CALLED));
        assert!(!scope.flags().contains(ScopeFlags::BATCH | ScopeFlags::BATCH_HANDLED));
        assert_eq!(format!("{:?}", scope.flags()), r#"{"HANDLER_CALLED", "BATCH"}"#);
        let gone = *scope;
        drop(scope);
        assert_eq!(gone.flags(), ScopeFlags::NONE);
        assert_eq!(Scope::builder("next").begin().flags(), ScopeFlags::NONE);
    }
}
