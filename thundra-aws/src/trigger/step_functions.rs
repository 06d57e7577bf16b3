//! Tasks of [Step Functions], with the [context object] or the token of the task in the input.
//!
//! The context is in the input of the task, or in the input of the execution, as a part of the context object. Any
//! other task looks like a [direct] call.
//!
//! [Step Functions]: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
//! [context object]: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
//! [direct]: super::direct

use memchr::memmem;
use thundra_core::{Config, semconv};

use super::Trigger;
use super::event::Event;
use super::parse::envelope;
use super::parse::json::{Member, Object};
use super::parse::opened::Opened;
use super::source::{FaasTrigger, Recognise, Source};

pub(super) static SOURCE: Source = Source {
    name: "step_functions",
    faas_trigger: FaasTrigger::Other,
    batch_api: false,
    recognise: Recognise::Members(|event| has_token(&event.members) || ContextObject::of(event).is_some()),
    read,
};

/// The maximum number of members searched for the context object.
const MAX_SEARCHED: usize = 32;

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let found = ContextObject::of(event);
    if let Some(found) = &found {
        found.describe(trigger);
    }
    let extractor = trigger.extractor(config);
    let of_execution = || envelope::open(found.as_ref()?.json?.as_bytes(), &extractor);
    let mut opened = envelope::open(event.text, &extractor).unwrap_or_default();
    trigger.context_ranges.extend(opened.range.clone());
    if !opened.holds_context()
        && let Some(inside) = of_execution()
    {
        opened = Opened { range: None, ..inside };
    }
    if opened.holds_context() {
        trigger.deliver([opened.into()]);
    }
    Some(())
}

/// The context object of an execution.
struct ContextObject<'a> {
    /// The text of a context object in a member of the input.
    json: Option<&'a str>,
    execution: Object<'a>,
    machine: Object<'a>,
    state: Object<'a>,
}

impl<'a> ContextObject<'a> {
    /// Finds the context object: the whole input, or a member of the input. `Parameters` may give the member any name.
    fn of(event: &Event<'a>) -> Option<Self> {
        memmem::find(event.text, b":states:")?;
        let is_object = |json: &&str| json.starts_with('{') && memmem::find(json.as_bytes(), b":states:").is_some();
        let members = event.members.members().map(Member::raw).filter(is_object).take(MAX_SEARCHED);
        let of_member = |json| ContextObject::of_object(&Object::parse(json)?, Some(json));
        ContextObject::of_object(&event.members, None).or_else(|| members.into_iter().find_map(of_member))
    }

    fn of_object(object: &Object<'a>, json: Option<&'a str>) -> Option<Self> {
        let execution = object.object("Execution").filter(is_execution)?;
        let member = |name| object.object(name).unwrap_or_default();
        Some(ContextObject { json, execution, machine: member("StateMachine"), state: member("State") })
    }

    fn describe(&self, trigger: &mut Trigger) {
        let text = |object: &Object<'_>, name| object.text(name).map(String::from);
        trigger.set_some(semconv::AWS_STEP_FUNCTIONS_EXECUTION_ARN, text(&self.execution, "Id"));
        trigger.set_some(semconv::AWS_STEP_FUNCTIONS_STATE_MACHINE_ARN, text(&self.machine, "Id"));
        trigger.set_some(semconv::AWS_STEP_FUNCTIONS_STATE_NAME, text(&self.state, "Name"));
        let retries = self.state.number("RetryCount").filter(|count| *count >= 0.0).map(|count| count as u64);
        trigger.set_some(semconv::AWS_STEP_FUNCTIONS_STATE_RETRY_COUNT, retries);
    }
}

fn is_execution(execution: &Object<'_>) -> bool {
    execution.text("Id").is_some_and(|id| id.starts_with("arn:") && id.contains(":states:"))
}

/// Returns `true` for an input with the token of a task, under a usual name. The token is a secret.
fn has_token(input: &Object<'_>) -> bool {
    let is_token = |name: &str| {
        let letters = name.bytes().rev().filter(|letter| *letter != b'_' && *letter != b'-');
        letters.take(9).map(|letter| letter.to_ascii_lowercase()).eq(b"tasktoken".iter().rev().copied())
    };
    input.members().any(|member| is_token(&member.key()) && member.text().is_some_and(|token| token.len() >= 32))
}
