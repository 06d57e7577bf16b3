//! The error of an export, and the consequence for the batch.

use std::error::Error;
use std::fmt;

use super::LossReason;
use crate::exception;

/// The reason why a batch, or a part of a batch, was not exported.
///
/// The [kind](Self::kind) is the consequence for the batch. The [source](Error::source) is the cause.
///
/// # Examples
///
/// ```
/// use thundra_core::export::{ExportError, ExportErrorKind};
///
/// let error = ExportError::partial(2, "two spans have no name");
/// assert!(matches!(error.kind(), ExportErrorKind::Partial { lost: 2, .. }));
///
/// let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
/// let error = ExportError::permanent(broken);
/// assert!(std::error::Error::source(&error).is_some());
/// ```
#[derive(Debug)]
pub struct ExportError {
    kind: ExportErrorKind,
    /// `None` for the default reason of the kind.
    loss_reason: Option<LossReason>,
    /// The lost records with separate reasons.
    others: Vec<(LossReason, u64)>,
    source: Box<dyn Error + Send + Sync>,
}

/// The consequence of an [`ExportError`].
///
/// # Examples
///
/// An exporter over HTTP decides by the status of the response:
///
/// ```
/// use thundra_core::export::{ExportError, ExportErrorKind};
///
/// let error = |status: u16| match status {
///     429 | 502..=504 => ExportError::retryable(format!("status {status}")),
///     413 => ExportError::too_large("the collector takes less"),
///     _ => ExportError::permanent(format!("status {status}")),
/// };
/// assert_eq!(error(503).kind(), ExportErrorKind::Retryable);
/// assert_eq!(error(413).kind(), ExportErrorKind::TooLarge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportErrorKind {
    /// The batch is kept for the next flush.
    Retryable,
    /// The batch is sent again in two parts. A single record is lost, and counted. After 16 lost single records in a
    /// row, batches are lost whole.
    TooLarge,
    /// A part of the batch was exported. The rejected records are lost, and counted.
    #[non_exhaustive]
    Partial {
        /// The number of rejected records.
        lost: u64,
    },
    /// The batch is lost, and counted.
    Permanent,
}

impl ExportError {
    /// Returns the error of an export with a chance to succeed later.
    pub fn retryable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExportError::new(ExportErrorKind::Retryable, source)
    }

    /// Returns the error of a batch too large for one request.
    pub fn too_large(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExportError::new(ExportErrorKind::TooLarge, source)
    }

    /// Returns the error of an export without `lost` of the records.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::export::ExportError;
    ///
    /// let error = ExportError::partial(3, "3 spans are older than a day");
    /// assert_eq!(error.to_string(), "3 records of the batch were rejected");
    /// ```
    pub fn partial(lost: u64, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExportError::new(ExportErrorKind::Partial { lost }, source)
    }

    /// Returns the error of an export that can never succeed.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExportError::new(ExportErrorKind::Permanent, source)
    }

    fn new(kind: ExportErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExportError { kind, loss_reason: None, others: Vec::new(), source: source.into() }
    }

    /// Sets the reason under which lost records are counted, in place of the default reason of the kind.
    #[must_use]
    pub fn with_loss_reason(mut self, reason: LossReason) -> Self {
        self.loss_reason = Some(reason);
        self
    }

    /// Adds lost records with a separate reason to a [partial](Self::partial) failure. Other failures stay as they are.
    ///
    /// # Examples
    ///
    /// The destination rejected three records, and a fourth one was not sent:
    ///
    /// ```
    /// use thundra_core::export::{ExportError, LossReason};
    ///
    /// let error = ExportError::partial(3, "3 spans have no name").with_more_lost(1, LossReason::TooLarge);
    /// assert_eq!(error.to_string(), "4 records of the batch were rejected");
    /// ```
    #[must_use]
    pub fn with_more_lost(mut self, count: u64, reason: LossReason) -> Self {
        if let ExportErrorKind::Partial { lost } = &mut self.kind
            && count > 0
        {
            *lost = lost.saturating_add(count);
            self.others.push((reason, count));
        }
        self
    }

    /// Returns the lost records with a reason other than [`loss_reason`](Self::loss_reason).
    #[doc(hidden)]
    pub fn others_lost(&self) -> &[(LossReason, u64)] {
        &self.others
    }

    /// Returns the reason under which lost records are counted.
    pub fn loss_reason(&self) -> LossReason {
        self.loss_reason.unwrap_or(match self.kind {
            ExportErrorKind::TooLarge => LossReason::TooLarge,
            ExportErrorKind::Partial { .. } => LossReason::PartialSuccess,
            ExportErrorKind::Retryable | ExportErrorKind::Permanent => LossReason::Refused,
        })
    }

    /// Returns the consequence of the error.
    pub fn kind(&self) -> ExportErrorKind {
        self.kind
    }

    /// Returns the text of the cause, and of the causes behind the cause.
    pub(crate) fn causes(&self) -> Causes<'_> {
        Causes(self)
    }
}

/// Shows the causes of an error. The text is made on display, because the `Display` of a program's error may panic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Causes<'a>(&'a ExportError);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&exception::message(&*self.0.source))
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ExportErrorKind::Retryable => f.write_str("the batch could not be exported now"),
            ExportErrorKind::TooLarge => f.write_str("the batch is too large for one request"),
            ExportErrorKind::Partial { lost } => write!(f, "{lost} records of the batch were rejected"),
            ExportErrorKind::Permanent => f.write_str("the batch cannot be exported"),
        }
    }
}

impl Error for ExportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_named_in_turn() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = ExportError::retryable(ExportError::permanent(refused));
        assert_eq!(error.to_string(), "the batch could not be exported now");
        assert_eq!(error.causes().to_string(), "the batch cannot be exported: connection refused");
    }

    #[test]
    fn endless_causes_end() {
        #[derive(Debug)]
        struct OwnSource;
        impl fmt::Display for OwnSource {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("odd")
            }
        }
        impl Error for OwnSource {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        assert_eq!(ExportError::retryable(OwnSource).causes().to_string(), "odd");
    }
}
