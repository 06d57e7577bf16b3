//! The kinds of telemetry.

use std::fmt;

/// A kind of telemetry. OTLP has a request, and an address, for each of them.
///
/// # Examples
///
/// ```
/// use thundra_core::Signal;
///
/// assert_eq!(Signal::Logs.to_string(), "logs");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Data points of metrics.
    Metrics,
}

impl Signal {
    /// All signals.
    #[doc(hidden)]
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

    /// Returns the name of the signal in addresses and, in upper case, in the variables of OpenTelemetry.
    pub const fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        }
    }

    /// Returns the [default path] of an OTLP request.
    ///
    /// [default path]: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
    #[doc(hidden)]
    pub const fn path(self) -> &'static str {
        match self {
            Signal::Traces => "/v1/traces",
            Signal::Logs => "/v1/logs",
            Signal::Metrics => "/v1/metrics",
        }
    }

    /// Returns the name of several records of the signal.
    #[doc(hidden)]
    pub const fn records(self) -> &'static str {
        match self {
            Signal::Traces => "spans",
            Signal::Logs => "log records",
            Signal::Metrics => "data points",
        }
    }

    /// Returns the name of this many records of the signal.
    pub(crate) const fn counted(self, count: u64) -> &'static str {
        match self {
            _ if count != 1 => self.records(),
            Signal::Traces => "span",
            Signal::Logs => "log record",
            Signal::Metrics => "data point",
        }
    }
}

/// Shows the [name](Signal::name).
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signals(u8);

impl Signals {
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Signals(bits)
    }

    pub(crate) fn contains(self, signal: Signal) -> bool {
        self.0 & 1 << signal as u8 != 0
    }

    pub(crate) fn insert(&mut self, signal: Signal) {
        self.0 |= 1 << signal as u8;
    }

    /// Returns the signals of both sets.
    pub(crate) fn with(self, others: Signals) -> Self {
        Signals(self.0 | others.0)
    }
}

impl FromIterator<Signal> for Signals {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        let mut set = Signals::default();
        signals.into_iter().for_each(|signal| set.insert(signal));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_signals_that_were_put_into_it() {
        let set: Signals = [Signal::Metrics, Signal::Traces, Signal::Metrics].into_iter().collect();
        assert_eq!(Signal::ALL.map(|signal| set.contains(signal)), [true, false, true]);
        assert_eq!(Signal::ALL.map(|signal| Signals::default().contains(signal)), [false; 3]);
        let both = set.with(std::iter::once(Signal::Logs).collect());
        assert_eq!(Signal::ALL.map(|signal| both.contains(signal)), [true; 3]);
    }
}
