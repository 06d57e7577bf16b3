//! The causes of failed exports.

use std::error::Error;
use std::fmt;

use http::StatusCode;

/// The cause of an [`ExportError`](thundra_core::export::ExportError).
#[derive(Debug)]
pub(super) enum Cause {
    /// The flush began after the deadline.
    NoTime,
    /// The exporter pauses after a failure.
    Paused,
    /// The collector does not know the signal, and is not asked for an hour.
    SwitchedOff,
    /// Connecting failed, or the collector closed the connection.
    Unreachable(Box<dyn Error + Send + Sync>),
    /// The certificate of the collector, or of a proxy, is not accepted.
    Untrusted(Box<dyn Error + Send + Sync>),
    /// The collector did not respond in time.
    TimedOut,
    /// The collector responded with an error status and a message. The message may be empty.
    Status(StatusCode, String),
    /// The collector's response has more bytes than the limit.
    ResponseTooLarge(usize),
    /// The body of the request has more bytes than the limit.
    RequestTooLarge(usize),
    /// The collector rejected some records, with a message.
    Rejected(String),
    /// The body could not be made.
    Encoding(std::io::Error),
}

impl Cause {
    /// Returns the cause of a failed connection.
    pub(super) fn of(error: Box<dyn Error + Send + Sync>) -> Self {
        match is_untrusted(&*error) {
            true => Cause::Untrusted(error),
            false => Cause::Unreachable(error),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::NoTime => f.write_str("no time was left"),
            Cause::Paused => f.write_str("the collector failed a moment ago"),
            Cause::SwitchedOff => f.write_str("the collector does not take them"),
            Cause::Unreachable(_) => f.write_str("the collector could not be reached"),
            Cause::Untrusted(_) => f.write_str(
                "a certificate is not accepted; OTEL_EXPORTER_OTLP_CERTIFICATE names the ones to trust of a collector",
            ),
            Cause::TimedOut => f.write_str("the collector did not respond in time"),
            Cause::Status(status, message) => {
                write!(f, "the collector responded {status}")?;
                match message.as_str() {
                    _ if status.is_redirection() => f.write_str(", and redirects are not followed"),
                    "" => Ok(()),
                    message => write!(f, ": {message}"),
                }
            }
            Cause::ResponseTooLarge(limit) => write!(f, "the collector's response is larger than {limit} bytes"),
            Cause::RequestTooLarge(limit) => write!(f, "the request is larger than {limit} bytes"),
            Cause::Rejected(message) => write!(f, "the collector rejected them: {message}"),
            Cause::Encoding(_) => f.write_str("the request could not be encoded"),
        }
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Cause::Unreachable(error) | Cause::Untrusted(error) => Some(&**error),
            Cause::Encoding(error) => Some(error),
            _ => None,
        }
    }
}

/// Returns `true` for the refusal of a certificate.
#[cfg(feature = "https")]
fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        // The error of a stream hides the inner error from `source`.
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = inside.map_or_else(|| error.source(), |inside| Some(inside));
    }
    false
}

#[cfg(not(feature = "https"))]
fn is_untrusted(_: &(dyn Error + 'static)) -> bool {
    false
}
