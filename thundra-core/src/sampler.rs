//! Head sampling: the decision to record a trace, made at the start of the root span.

use crate::{TraceContext, TraceId};

/// A head sampler. `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` select the sampler of a program.
///
/// Defaults to `parentbased_always_on`.
///
/// # Examples
///
/// ```
/// use thundra_core::{Sampler, TraceId};
///
/// let sampler = Sampler::ratio(0.0).parent_based();
/// assert!(!sampler.sample(None, TraceId::random()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    parent_based: bool,
    ratio: f64,
}

impl Default for Sampler {
    fn default() -> Self {
        Sampler::ratio(1.0).parent_based()
    }
}

impl Sampler {
    /// Returns a sampler for a share of all traces, from 0 to 1; other values are clamped. The trace id decides, so all
    /// programs with the same ratio record the same traces.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Sampler, TraceId};
    ///
    /// let (tenth, half) = (Sampler::ratio(0.1), Sampler::ratio(0.5));
    /// let id = TraceId::random();
    /// assert!(!tenth.sample(None, id) || half.sample(None, id), "a higher ratio records the same traces, and others");
    /// ```
    pub fn ratio(ratio: f64) -> Self {
        Sampler { parent_based: false, ratio: if ratio.is_nan() { 1.0 } else { ratio.clamp(0.0, 1.0) } }
    }

    /// Returns the parent-based form of the sampler: the decision of a parent wins over the decision of the sampler.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Sampler, SpanId, TraceContext, TraceId};
    ///
    /// let parent = TraceContext::new(TraceId::random(), SpanId::random(), true);
    /// let never = Sampler::ratio(0.0);
    /// assert!(!never.sample(Some(&parent), parent.trace_id));
    /// assert!(never.parent_based().sample(Some(&parent), parent.trace_id));
    /// ```
    #[must_use]
    pub fn parent_based(self) -> Self {
        Sampler { parent_based: true, ..self }
    }

    /// Returns `true` if the sampler follows the decision of a parent.
    pub(crate) const fn is_parent_based(&self) -> bool {
        self.parent_based
    }

    /// Returns `true` if no trace is recorded, unless a trusted parent is.
    pub(crate) const fn is_never(&self) -> bool {
        self.ratio <= 0.0
    }

    /// Returns `true` if a trace is recorded. `parent` is a trusted parent.
    pub fn sample(&self, parent: Option<&TraceContext>, trace_id: TraceId) -> bool {
        match parent {
            Some(parent) if self.parent_based => parent.sampled,
            _ if self.ratio >= 1.0 => true,
            // The arithmetic of the OpenTelemetry SDK, for the same decision in programs with the SDK.
            _ => trace_id.low() >> 1 < (self.ratio * (1_u64 << 63) as f64) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpanId;

    #[test]
    fn a_parent_decides_only_for_a_parent_based_sampler() {
        let id = TraceId::random();
        for (sampler, parent, expected) in [
            (Sampler::default(), Some(false), false),
            (Sampler::default(), None, true),
            (Sampler::ratio(0.0).parent_based(), Some(true), true),
            (Sampler::ratio(0.0).parent_based(), None, false),
            (Sampler::ratio(1.0), Some(false), true),
            (Sampler::ratio(0.0), Some(true), false),
        ] {
            let parent = parent.map(|sampled| TraceContext::new(id, SpanId::random(), sampled));
            assert_eq!(sampler.sample(parent.as_ref(), id), expected);
        }
    }

    #[test]
    fn a_ratio_keeps_its_share() {
        let sampler = Sampler::ratio(0.25);
        let kept = (0..10_000).filter(|_| sampler.sample(None, TraceId::random())).count();
        assert!((2_200..2_800).contains(&kept), "{kept}");
    }
}
