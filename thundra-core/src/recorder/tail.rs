//! The tail decision: the fate of the spans of a scope not sampled by the head sampler.
//!
//! With [`Keep`] an unsampled scope is recorded, and the end of the scope decides. Later spans follow the decision.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::open_span::OpenSpan;
use super::token_bucket::TokenBucket;
use crate::config::{Keep, Limits};
use crate::pipeline::{Losses, backlog};
use crate::{Value, semconv};

/// Bounds the kept scopes of this process. An outage fails every request, and must not export every trace.
static KEPT: Mutex<TokenBucket> = Mutex::new(TokenBucket::new(10, 100));

/// The fate of the spans of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tail {
    /// The spans are exported: the head sampler took the scope, or the tail decision kept the scope.
    #[default]
    Exported,
    /// The end of the scope decides.
    Undecided(Facts),
    /// The spans are exported, but withheld from X-Ray, since X-Ray did not sample the spans. The end of the scope
    /// decides about X-Ray.
    Withheld(Facts),
    /// The spans are dropped, for nothing has kept the scope.
    Dropped,
    /// The spans are lost, and counted: too many scopes were kept before.
    Refused,
}

/// The facts seen so far, for the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    keep: Keep,
    /// `true` after the end of a span with an error status.
    failed: bool,
    /// `true` after the end of a span marked by the program.
    marked: bool,
}

impl Tail {
    /// Returns the start of a tail decision.
    pub(crate) fn undecided(keep: Keep) -> Self {
        Tail::Undecided(Facts::new(keep))
    }

    /// Returns the start of a tail decision for X-Ray alone.
    pub(crate) fn withheld(keep: Keep) -> Self {
        Tail::Withheld(Facts::new(keep))
    }

    /// Returns `true` if the spans are exported, perhaps not to X-Ray.
    pub(crate) fn is_exported(self) -> bool {
        matches!(self, Tail::Exported | Tail::Withheld(_))
    }

    /// Returns the fate after a decision. Withheld spans are exported in any case.
    pub(super) fn decided(self, decision: Tail) -> Self {
        match (self, decision) {
            (Tail::Withheld(_), Tail::Undecided(facts)) => Tail::Withheld(facts),
            (Tail::Withheld(_), _) => Tail::Exported,
            (_, decision) => decision,
        }
    }

    /// Takes note of the end of a span. Returns `true` if the span is encoded.
    #[inline]
    pub(super) fn takes(&mut self, span: &OpenSpan) -> bool {
        *self == Tail::Exported || self.takes_unsampled(span)
    }

    #[cold]
    fn takes_unsampled(&mut self, span: &OpenSpan) -> bool {
        let (Tail::Undecided(facts) | Tail::Withheld(facts)) = self else { return false };
        facts.see(span);
        true
    }

    /// Counts losses of a scope without exported spans. Dropped spans are no loss, for dropped spans were not sampled.
    pub(super) fn count(self, losses: Losses) {
        if self == Tail::Refused {
            backlog::count(losses);
        }
    }
}

impl Facts {
    fn new(keep: Keep) -> Self {
        Facts { keep, failed: false, marked: false }
    }

    fn see(&mut self, span: &OpenSpan) {
        self.failed |= span.is_error();
        self.marked |= span.has_attribute(semconv::THUNDRA_KEEP, &Value::Bool(true));
    }

    /// Decides, and records the reasons on the root span.
    pub(super) fn decide(mut self, root: &mut OpenSpan, limits: &Limits, now_unix_nano: u64, more: More) -> Tail {
        let undecided = Tail::Undecided(self);
        self.see(root);
        self.failed |= more.moment == Moment::Deadline;
        let lasted = u128::from(now_unix_nano.saturating_sub(root.start_unix_nano));
        let reasons: Vec<String> = [
            ("error", self.keep.errors && self.failed),
            ("slow", self.keep.slow.is_some_and(|limit| lasted > limit.as_nanos())),
            ("cold", self.keep.cold && more.is_cold),
            ("marked", self.marked),
            ("debug", more.is_debugged),
        ]
        .into_iter()
        .filter(|(_, applies)| *applies)
        .map(|(reason, _)| reason.to_owned())
        .collect();
        if reasons.is_empty() {
            return match more.moment {
                Moment::End => Tail::Dropped,
                Moment::Deadline => undecided,
            };
        }
        if !KEPT.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
            return Tail::Refused;
        }
        root.set_attribute(semconv::THUNDRA_KEEP_REASON, &reasons.into(), &limits.without_attribute_limit());
        Tail::Exported
    }
}

/// The facts known by the scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct More {
    pub(super) moment: Moment,
    /// `true` for a cold start.
    pub(super) is_cold: bool,
    /// `true` with the debug flag of the correlation ids.
    pub(super) is_debugged: bool,
}

/// The moment of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The end of the scope: a final decision.
    End,
    /// Shortly before a deadline, as a failure. A scope not kept by then is decided on at the end of the scope.
    Deadline,
}
