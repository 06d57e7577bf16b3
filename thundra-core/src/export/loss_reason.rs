//! The reasons why records are lost.

use std::fmt;

/// Defines the reasons, with the name of each.
macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $name:literal,)*) => {
        /// The reason why records are lost.
        ///
        /// The next root span counts the lost records of each signal: `thundra.lost_spans`, `thundra.lost_log_records`
        /// and `thundra.lost_data_points` are the sums, and `thundra.lost_spans.queue_full` is the part of one reason.
        /// See [Losses](crate#losses).
        ///
        /// # Examples
        ///
        /// An exporter may replace the reason of the error's [kind](crate::export::ExportErrorKind):
        ///
        /// ```
        /// use thundra_core::export::{ExportError, LossReason};
        ///
        /// let refused = ExportError::permanent("status 401");
        /// assert_eq!(refused.loss_reason(), LossReason::Refused);
        /// let old = ExportError::partial(3, "3 spans are older than 14 days").with_loss_reason(LossReason::TooOld);
        /// assert_eq!(old.loss_reason().name(), "too_old");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum LossReason {
            $($(#[$doc])* $reason,)*
        }

        impl LossReason {
            /// All reasons.
            #[doc(hidden)]
            pub const ALL: &'static [LossReason] = &[$(LossReason::$reason),*];

            /// Returns the name of the reason, the last part of an attribute such as `thundra.lost_spans.queue_full`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(LossReason::$reason => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// More than 8 MiB waited for a flush.
    BacklogFull = "backlog_full",
    /// More than 4 MiB waited for an exporter.
    QueueFull = "queue_full",
    /// The destination refused the request for good, or cannot be written to.
    Refused = "refused",
    /// The destination took the request, and rejected some of the records.
    PartialSuccess = "partial_success",
    /// A single record is over the size limit of the destination: of a request, a datagram or a line.
    TooLarge = "too_large",
    /// The record is older than the destination accepts.
    TooOld = "too_old",
    /// The time of the record is further ahead than the destination accepts.
    TooNew = "too_new",
    /// The destination did not take the record, and the limit of `THUNDRA_SPILL` was reached.
    SpillLimit = "spill_limit",
    /// The exporter panicked.
    Panicked = "panicked",
    /// `THUNDRA_KEEP` had kept the maximum number of scopes.
    KeepLimit = "keep_limit",
    /// The program ended first. Counted on the last line of a program on standard error alone.
    Unsent = "unsent",
}

/// Shows the [name](LossReason::name).
impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_of_the_crate_explains_each_reason() {
        let documentation = include_str!("../lib.rs");
        for reason in LossReason::ALL {
            assert!(documentation.contains(&format!("//! | `{reason}` | ")), "{reason}");
        }
    }

    #[test]
    fn names_are_parts_of_attribute_names_and_differ() {
        let mut names: Vec<_> = LossReason::ALL.iter().map(|reason| reason.name()).collect();
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LossReason::ALL.len());
    }
}
