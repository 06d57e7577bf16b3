//! Refused messages: too long, with our context inside.
//!
//! The caller gets the error, and the interceptor does not repeat the call. The limit in the error applies to [later
//! messages](super::limits).

use std::borrow::Cow;

use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, Output};
use thundra_core::{SpanExt, diagnostics, semconv};
use tracing::Span;

use super::limits::{LEARNED, Limits, Target};
use crate::sdk::error;

/// Smallest configurable limit of a topic or a queue.
const MIN_LIMIT: usize = 1024;

/// The size of a message or a request, as counted by the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Size without our context.
    pub(crate) own: usize,
    /// Size with our context.
    pub(crate) sent: usize,
}

/// Sizes of the messages of a call.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sizes {
    /// Size of all messages together.
    pub(crate) request: Size,
    /// Largest size of a single message, without and with our context.
    pub(crate) largest: Size,
    /// `true` for an operation on batches.
    pub(crate) is_batch: bool,
    /// Sizes by the id of the entry, if the response to a batch names entries.
    pub(crate) entries: Vec<(String, Size)>,
}

impl Sizes {
    /// Adds a message.
    pub(crate) fn add(&mut self, message: Size) {
        self.request = Size { own: self.request.own + message.own, sent: self.request.sent + message.sent };
        self.largest = Size { own: self.largest.own.max(message.own), sent: self.largest.sent.max(message.sent) };
    }

    /// Returns `true` if any message holds a part of our context.
    pub(crate) fn grew(&self) -> bool {
        self.request.sent > self.request.own
    }
}

/// The refusal of a request, or of an entry of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Refusal<'a> {
    /// Id of the entry. `None` if the whole request was refused.
    pub(crate) entry: Option<&'a str>,
    pub(crate) code: Cow<'a, str>,
    pub(crate) message: Cow<'a, str>,
}

/// Learns the limit of a target from a finished call. `refused` reads the refused entries of a batch.
pub(crate) fn learn<'a>(
    span: &Span,
    context: &FinalizerInterceptorContextRef<'_>,
    target: impl Fn() -> Option<Target<'a>>,
    sizes: &Sizes,
    refused: for<'o> fn(&'o Output) -> Vec<Refusal<'o>>,
) {
    match context.output_or_error() {
        Some(Err(_)) => {
            let Some((response, target)) = context.response().zip(target()) else { return };
            let error::ServiceError { code, message } = error::of(response);
            let refusal = Refusal {
                entry: None,
                code: code.unwrap_or_default().into(),
                message: message.unwrap_or_default().into(),
            };
            if response.status().as_u16() == 413 || refusal.is_too_long() {
                report(span, target, sizes, &refusal);
            }
        }
        // An entry of a batch may fail alone.
        Some(Ok(output)) if !sizes.entries.is_empty() => {
            for refusal in refused(output).iter().filter(|refusal| refusal.is_too_long()) {
                let Some(target) = target() else { return };
                report(span, target, sizes, refusal);
            }
        }
        _ => {}
    }
}

/// Remembers the limit in a refusal, and records the limit on the span.
#[cold]
fn report(span: &Span, target: Target<'_>, sizes: &Sizes, refusal: &Refusal<'_>) {
    let of_message = !sizes.is_batch || refusal.is_about_a_message();
    let size = match refusal.entry {
        Some(id) => sizes.entries.iter().find(|(known, _)| known == id).map(|(_, size)| *size).unwrap_or_default(),
        None if of_message => sizes.largest,
        None => sizes.request,
    };
    if size.sent <= size.own {
        return;
    }
    let limit = refusal.limit_below(size);
    LEARNED.learn(
        target,
        match of_message {
            true => Limits { message: limit, ..Limits::UNKNOWN },
            false => Limits { request: limit, ..Limits::UNKNOWN },
        },
    );
    // The service refuses the caller's own bytes: our context changed nothing.
    if size.own > limit {
        return;
    }
    span.set_attribute(semconv::THUNDRA_INJECTION_LIMIT, limit);
    let name = if target.name.is_empty() { "the event bus" } else { target.name };
    diagnostics::once(
        &format!("inject.limit {}", target.key()),
        format_args!(
            "{name} refused a message of {} bytes, {} of them trace context: later messages to this target stay \
             within {limit} bytes (reported once)",
            size.sent,
            size.sent - size.own
        ),
    );
}

impl<'a> Refusal<'a> {
    /// Returns the refusal of an entry.
    pub(crate) fn of_entry(id: &'a str, code: &'a str, message: Option<&'a str>) -> Self {
        Refusal { entry: Some(id), code: code.into(), message: message.unwrap_or_default().into() }
    }

    /// Returns `true` if the service refused the size of a message. Each service words this differently.
    fn is_too_long(&self) -> bool {
        // `BatchRequestTooLong`, `RequestTooLargeException`, `RequestEntityTooLargeException`.
        if self.code.contains("TooLong") || self.code.contains("TooLarge") {
            return true;
        }
        // Other services have one code for all errors in parameters.
        const CODES: [&str; 5] =
            ["InvalidParameter", "InvalidArgument", "InvalidMessageContents", "Validation", "ParameterValueInvalid"];
        const WORDS: [&str; 6] = [
            "message too long",
            "message must be shorter than",
            "requests cannot be longer than",
            "size of the entries in the request",
            "payload is too large",
            "maximum message size",
        ];
        // `Value at 'records.1.member.data' failed to satisfy constraint: …`
        const MEMBERS: [&str; 3] = ["data'", "input'", "payload'"];
        let message = self.message.to_ascii_lowercase();
        let names_data = || MEMBERS.iter().any(|member| message.contains(member));
        CODES.iter().any(|code| self.code.starts_with(code))
            && (WORDS.iter().any(|words| message.contains(words))
                || message.contains("length less than or equal to") && names_data()
                || message.contains("records size exceeds"))
    }

    /// Returns `true` if the service refused a single message rather than the size of the request.
    fn is_about_a_message(&self) -> bool {
        self.entry.is_some() || self.message.contains(".member.")
    }

    /// Returns the limit after a refusal: the limit in the text, or the size without our context.
    fn limit_below(&self, refused: Size) -> usize {
        // Words before the limit. The text may name the size of the request too.
        const BEFORE: [&str; 9] = [
            "shorter than ",
            "longer than ",
            "larger than ",
            "less than or equal to ",
            "limit ",
            "limit of ",
            "size is ",
            "up to ",
            "over the ",
        ];
        let message = self.message.to_ascii_lowercase();
        let numbers = BEFORE.iter().flat_map(|before| message.split(before).skip(1)).filter_map(bytes);
        numbers.filter(|limit| (MIN_LIMIT..refused.sent).contains(limit)).min().unwrap_or(refused.own)
    }
}

/// Returns the number at the beginning of a text, if the unit is bytes.
fn bytes(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let is_other_unit = unit.trim_start().starts_with(['k', 'm', 'c']);
    number.parse().ok().filter(|_| !is_other_unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<'a>(code: &'a str, message: &'a str) -> Refusal<'a> {
        Refusal { entry: None, code: code.into(), message: message.into() }
    }

    #[test]
    fn a_refused_size_is_recognised_in_the_words_of_each_service() {
        // The request had 300,000 bytes, 299,000 without our context.
        const SIZE: Size = Size { own: 299_000, sent: 300_000 };
        for (code, message, limit) in [
            ("InvalidParameter", "Invalid parameter: Message too long", Some(299_000)),
            ("InvalidParameter", "Invalid parameter: Message too long. Maximum size is 262144 bytes.", Some(262_144)),
            (
                "InvalidParameterValue",
                "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
                Some(1024),
            ),
            (
                "InvalidParameterValueException",
                "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
                Some(262_144),
            ),
            (
                "BatchRequestTooLong",
                "The length of all the batch messages put together is more than the limit.",
                Some(299_000),
            ),
            (
                "BatchRequestTooLong",
                "Batch requests cannot be longer than 262144 bytes. You have sent 300000 bytes.",
                Some(262_144),
            ),
            ("AWS.SimpleQueueService.BatchRequestTooLong", "", Some(299_000)),
            ("InvalidParameterValue", "Batch requests cannot be longer than 262144 bytes.", Some(262_144)),
            ("ValidationException", "Total size of the entries in the request is over the limit.", Some(299_000)),
            (
                "ValidationException",
                "Total size of the entries in the request is 300000 bytes, which is over the 262144 byte limit.",
                Some(262_144),
            ),
            (
                "RequestTooLargeException",
                "300000 byte payload is too large for the Event invocation type (limit 262144 bytes)",
                Some(262_144),
            ),
            ("RequestEntityTooLargeException", "", Some(299_000)),
            (
                "ValidationException",
                "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 262144",
                Some(262_144),
            ),
            (
                "ValidationException",
                "2 validation errors detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=300000 cap=300000]' at 'records.9.member.data' failed to satisfy constraint: Member must have length less than or equal to 262144",
                Some(262_144),
            ),
            (
                "ValidationException",
                "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144",
                Some(262_144),
            ),
            ("InvalidArgumentException", "Records size exceeds 5 MB limit", Some(299_000)),
            ("InvalidParameter", "Message too long: more than the limit of 256 KB", Some(299_000)),
            ("InvalidParameter", "Message too long: limit 300000 bytes", Some(299_000)),
            ("InvalidParameter", "Message too long: limit 99 bytes", Some(299_000)),
            // Other complaints.
            ("InvalidParameter", "Invalid parameter: Subject", None),
            ("InvalidParameter", "Invalid parameter: PhoneNumber Reason: too long", None),
            (
                "InvalidParameterValue",
                "Value a for parameter MessageGroupId is invalid. Reason: 1 to 128 in length.",
                None,
            ),
            ("InvalidParameterValue", "The message attribute name is too long", None),
            ("InvalidMessageContents", "Invalid characters found.", None),
            (
                "ValidationException",
                "Value at 'streamARN' failed to satisfy constraint: Member must have length less than or equal to 2048",
                None,
            ),
            ("KMSThrottlingException", "Message too long", None),
            ("AccessDeniedException", "Message too long", None),
            ("ThrottlingException", "Rate exceeded", None),
            ("", "", None),
        ] {
            let refusal = refusal(code, message);
            let found = refusal.is_too_long().then(|| refusal.limit_below(SIZE));
            assert_eq!(found, limit, "{code}: {message}");
        }
    }

    #[test]
    fn a_refused_record_differs_from_a_refused_request() {
        let record = "Value at 'records.1.member.data' failed to satisfy constraint";
        assert!(refusal("ValidationException", record).is_about_a_message());
        assert!(!refusal("BatchRequestTooLong", "").is_about_a_message());
        assert!(Refusal { entry: Some("a"), ..Refusal::default() }.is_about_a_message());
    }
}
