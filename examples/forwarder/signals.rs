//! The signals to forward from a log: the variable `FORWARD`.

use std::env;

use thundra_aws::Error;

/// The kinds of lines to forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signals {
    /// Lines with OTLP, of any signal, and Lambda's reports.
    pub(crate) traces: bool,
    /// All lines except OTLP and forwarded metrics, as log records.
    pub(crate) logs: bool,
    /// Documents of the embedded metric format, as metrics.
    pub(crate) metrics: bool,
}

impl Signals {
    /// Reads `FORWARD`. Defaults to `traces`.
    ///
    /// # Errors
    ///
    /// If a word is unknown. The first delivery would be too late for the error.
    pub(crate) fn from_env() -> Result<Self, Error> {
        Self::parse(&env::var("FORWARD").unwrap_or_default())
    }

    fn parse(list: &str) -> Result<Self, Error> {
        let mut signals = Signals { traces: false, logs: false, metrics: false };
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word.to_ascii_lowercase().as_str() {
                "traces" => signals.traces = true,
                "logs" => signals.logs = true,
                "metrics" => signals.metrics = true,
                _ => {
                    return Err(
                        format!("FORWARD={list:?} is not used: it takes a list of traces, logs, metrics").into()
                    );
                }
            }
        }
        let is_empty = !(signals.traces || signals.logs || signals.metrics);
        Ok(Signals { traces: signals.traces || is_empty, ..signals })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_is_forwarded() {
        for (list, traces, logs, metrics) in [
            ("", true, false, false),
            (" , ", true, false, false),
            ("traces", true, false, false),
            ("traces,logs,metrics", true, true, true),
            (" Logs , METRICS", false, true, true),
        ] {
            assert_eq!(Signals::parse(list).unwrap(), Signals { traces, logs, metrics }, "{list:?}");
        }
        let error = Signals::parse("traces,spans").unwrap_err().to_string();
        assert_eq!(error, "FORWARD=\"traces,spans\" is not used: it takes a list of traces, logs, metrics");
    }
}
