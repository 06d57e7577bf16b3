//! [Durable functions]. One execution takes several invocations, and each invocation gets the same input.
//!
//! The event is an envelope, with the input as a JSON string in the first operation. The input may be of any source:
//! the trust, the attributes, the ids and the sender come from the input. A `__context__` of the input is cut out of
//! the string, in every invocation alike, so the handler gets the same input each time.
//!
//! The ids of an execution come from the input and the ARN, so all invocations agree:
//!
//! | | the first of |
//! |---|---|
//! | trace | the sender of the input, the X-Ray header (Lambda keeps its root), the ARN |
//! | sampling decision | a trusted sender, the ARN |
//! | correlation id | the sender, API Gateway's request id, the id in the ARN |
//!
//! [Durable functions]: https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html

use std::borrow::Cow;
use std::ops::Range;
use std::time::SystemTime;

use thundra_core::propagation::{CORRELATION_ID, CorrelationIds};
use thundra_core::{Config, TraceId, semconv};

use super::event::Event;
use super::parse::json::{self, Object};
use super::parse::string::Escaped;
use super::parse::time;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Trigger, detect_among};
use crate::attributes::cut;
use crate::payload::cursor::Cursor;

pub(super) static SOURCE: Source = Source {
    name: "durable",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        let event = &event.members;
        [ARN, "CheckpointToken"].iter().all(|key| event.text(key).is_some()) && event.has(STATE)
    }),
    read,
};

const ARN: &str = "DurableExecutionArn";
const STATE: &str = "InitialExecutionState";

/// A durable execution.
#[derive(Debug)]
pub(crate) struct Execution {
    /// The ARN, within the limit of attributes.
    pub(crate) arn: String,
    /// The trace of an execution without another trace, and the id for the sampling decision.
    pub(crate) trace_id: TraceId,
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let arn = event.members.text(ARN)?;
    let state = State::of(event);
    // Nobody can tell the sender of an empty text, and the envelope comes from Lambda.
    if let Some(input) = state.input.as_ref().filter(|input| !input.text.trim_ascii().is_empty()) {
        let started =
            detect_among(input.text.as_bytes(), config, trigger.trust, |source| !std::ptr::eq(source, &SOURCE));
        let context_ranges = input.ranges_in_event(event.text, &started.context_ranges).unwrap_or_default();
        *trigger = Trigger { source: &SOURCE, context_ranges, ..started };
    }
    state.keep_times(trigger);
    let (name, id) = name_and_id(&arn);
    trigger.set(semconv::DURABLE_EXECUTION_ARN, arn.clone().into_owned());
    trigger.set_some(semconv::DURABLE_EXECUTION_NAME, name.map(str::to_owned));
    trigger.set(semconv::DURABLE_INVOCATION_FIRST, state.is_first);
    if trigger.default_correlation_id.is_none() {
        let id = id.filter(|id| CorrelationIds::default().set(CORRELATION_ID, id));
        trigger.default_correlation_id = id.map(str::to_owned);
    }
    let trace_id = trace_id(&arn);
    trigger.execution = Some(Execution { arn: cut(&arn).to_owned(), trace_id });
    Some(())
}

/// The state of an execution when an invocation begins.
struct State<'a> {
    input: Option<Input<'a>>,
    /// The time when the execution started.
    started_at: Option<SystemTime>,
    /// `true` if no operation of the execution is known.
    is_first: bool,
}

impl<'a> State<'a> {
    fn of(event: &Event<'a>) -> Self {
        let state = event.members.object(STATE).unwrap_or_default();
        let (first, has_more) = state.raw("Operations").and_then(first_element).unwrap_or_default();
        let execution = Object::parse(first).unwrap_or_default();
        let has_next_page = state.text("NextMarker").is_some_and(|marker| !marker.is_empty());
        State {
            input: execution.object("ExecutionDetails").and_then(|details| Input::of(details.raw("InputPayload")?)),
            started_at: timestamp(&execution),
            is_first: !has_more && !has_next_page,
        }
    }

    /// Keeps the time of sending for the first invocation alone, because later invocations waited for something other
    /// than a queue. A message already old at the start of the execution is old for all invocations.
    fn keep_times(&self, trigger: &mut Trigger) {
        for message in &mut trigger.messages {
            let was_old = self.started_at.is_some_and(|started| message.is_old_at(started));
            let waited = self.is_first && (was_old || !message.is_old());
            message.sent_at = message.sent_at.filter(|_| waited);
            message.is_replay |= was_old && !self.is_first;
        }
    }
}

/// The input of an execution.
struct Input<'a> {
    /// The JSON string, with quotes and escapes.
    string: &'a str,
    text: Cow<'a, str>,
}

impl<'a> Input<'a> {
    fn of(string: &'a str) -> Option<Self> {
        Some(Input { string, text: json::text(string)? })
    }

    /// Returns the ranges in the event for ordered ranges of the input.
    fn ranges_in_event(&self, event: &[u8], ranges: &[Range<usize>]) -> Option<Vec<Range<usize>>> {
        // The string is a slice of the event, so the distance of the two addresses is the offset of the string.
        let offset = (self.string.as_ptr() as usize).checked_sub(event.as_ptr() as usize)?;
        let mut string = Escaped::new(self.string);
        let mut place = |at| Some(offset + string.forward_to(at)?);
        ranges.iter().map(|range| Some(place(range.start)?..place(range.end)?)).collect()
    }
}

/// Returns the first element of an array, and `true` if more follow.
fn first_element(array: &str) -> Option<(&str, bool)> {
    let mut cursor = Cursor::new(array.as_bytes());
    cursor.eat_spaced(b'[')?;
    let first = array.get(cursor.value()?)?;
    Some((first, cursor.eat_spaced(b',').is_some()))
}

/// Returns the start of an execution. The form of the time is undocumented, and SDKs write numbers of seconds, numbers
/// of milliseconds, and RFC 3339.
fn timestamp(execution: &Object<'_>) -> Option<SystemTime> {
    /// The 16th of November 5138 in seconds, and March 1973 in milliseconds.
    const LAST_SECOND: f64 = 1e11;
    const KEY: &str = "StartTimestamp";
    let from_number =
        |number| if number < LAST_SECOND { time::from_seconds(number) } else { time::from_millis(number) };
    match execution.number(KEY) {
        Some(number) => from_number(number),
        None => time::from_rfc3339(&execution.text(KEY)?),
    }
}

/// Returns the name and the id of an execution: `…:function:orders:1/durable-execution/{name}/{id}`.
fn name_and_id(arn: &str) -> (Option<&str>, Option<&str>) {
    let parts = arn.split_once("/durable-execution/").and_then(|(_, parts)| parts.split_once('/'));
    let (name, id) = parts.unwrap_or_default();
    (Some(name).filter(|name| !name.is_empty()), Some(id).filter(|id| !id.is_empty()))
}

/// Returns the trace id of an ARN: [FNV-1a] with a finish, because a sampler needs evenly distributed bits. The
/// function never changes, because an execution may take a year.
///
/// [FNV-1a]: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
fn trace_id(arn: &str) -> TraceId {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = arn.bytes().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    let (high, low) = (mixed((hash >> 64) as u64 ^ hash as u64), mixed(hash as u64));
    TraceId::from_bytes((u128::from(high) << 64 | u128::from(low)).max(1).to_be_bytes()).unwrap_or_else(TraceId::random)
}

/// Mixes the bits of a number, as SplitMix64 does.
const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
