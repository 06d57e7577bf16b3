//! The payload of an event on its way to the handler.

use std::any::type_name;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use thundra_core::exception::{Exception, short_type_name};
use thundra_core::{ScopeFlags, ScopeRef, contained, semconv};

use super::answer::Answer;
use crate::payload::read_error::without_values;

/// The `error.type` of an event unreadable as the handler's type.
const INVALID_EVENT: &str = "invalid_event";
const DESCRIPTION: &str = "the event could not be read as the handler's type";

/// The payload of an event. Reading the payload records a failure on the invocation.
///
/// The runtime reads the event, and shows the error only to the caller.
#[derive(Debug)]
pub enum Payload<A> {
    /// The event for the handler.
    Event(A),
    /// The answer in place of the handler's. The event was stepped over.
    Answered(Answer),
}

impl<'de, A: Deserialize<'de>> Deserialize<'de> for Payload<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if let Some(answer) = Answer::take() {
            return IgnoredAny::deserialize(deserializer).map(|_| Payload::Answered(answer));
        }
        A::deserialize(deserializer).map(Payload::Event).inspect_err(|error| {
            if let Some(invocation) = ScopeRef::current() {
                let text = contained(|| error.to_string()).unwrap_or_default();
                report(
                    invocation,
                    Exception::new(short_type_name(type_name::<D::Error>()).to_owned(), describe(&text)),
                );
            }
        })
    }
}

/// Records an unreadable event without the reason.
pub(super) fn report_unreadable(invocation: ScopeRef) {
    report(invocation, Exception::new(INVALID_EVENT, DESCRIPTION));
}

fn report(invocation: ScopeRef, exception: Exception) {
    invocation.set_flags(ScopeFlags::FAILED);
    invocation.fail(&exception);
    invocation.set_attribute(semconv::ERROR_TYPE, INVALID_EVENT);
}

/// Describes a read error without the values of the event.
fn describe(error: &str) -> String {
    let place = || error.rfind(" at line ").and_then(|at| error.get(at..)).unwrap_or_default();
    match without_values(error) {
        Some(why) => format!("{DESCRIPTION}: {why}"),
        None => format!("{DESCRIPTION}{}", place()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_not_quoted() {
        for (error, why) in [
            ("missing field `id` at line 1 column 2", ": missing field `id` at line 1 column 2"),
            (
                "invalid type: string \"s3cret\", expected u32 at line 1 column 9",
                ": invalid type, expected u32 at line 1 column 9",
            ),
            ("expected value at line 1 column 1", " at line 1 column 1"),
            ("the card 4111 is refused at line 2 column 3", " at line 2 column 3"),
            ("the card 4111 is refused", ""),
        ] {
            assert_eq!(describe(error), format!("{DESCRIPTION}{why}"));
        }
    }
}
