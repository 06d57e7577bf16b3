//! The checkpoints of durable executions: the outcome of an operation, in the words of AWS's plugins for OpenTelemetry.

use std::borrow::Cow;

use serde::Deserialize;
use thundra_core::semconv;

use super::service::{Attributes, add};

/// The length limit of a request to read. A longer request has a large result, and costs too much time.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Checkpoint<'a> {
    #[serde(borrow)]
    updates: Vec<Update<'a>>,
}

/// A change of an operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    sub_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    action: Cow<'a, str>,
}

/// Returns the attributes of the operation in a checkpoint. A checkpoint of several operations has none.
pub(super) fn attributes(body: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    let checkpoint: Option<Checkpoint<'_>> =
        if body.len() > MAX_BYTES { None } else { serde_json::from_slice(body).ok() };
    let updates = checkpoint.map(|checkpoint| checkpoint.updates).unwrap_or_default();
    let Some(last) = updates.last().filter(|last| updates.iter().all(|update| update.id == last.id)) else {
        return attributes;
    };
    let outcome = outcome(&last.action).filter(|_| last.r#type == "STEP");
    for (key, value) in [
        (semconv::DURABLE_OPERATION_ID, Some(&*last.id)),
        (semconv::DURABLE_OPERATION_NAME, last.name.as_deref()),
        (semconv::DURABLE_OPERATION_TYPE, Some(&*last.r#type)),
        (semconv::DURABLE_OPERATION_SUBTYPE, last.sub_type.as_deref()),
        (semconv::DURABLE_OPERATION_STATUS, status(&last.action)),
        (semconv::DURABLE_ATTEMPT_OUTCOME, outcome),
    ] {
        add(&mut attributes, key, value);
    }
    attributes
}

/// Returns the status of an operation after an action.
fn status(action: &str) -> Option<&'static str> {
    match action {
        "START" => Some("STARTED"),
        "SUCCEED" => Some("SUCCEEDED"),
        "FAIL" => Some("FAILED"),
        "RETRY" => Some("PENDING"),
        "CANCEL" => Some("CANCELLED"),
        _ => None,
    }
}

/// Returns the outcome of the attempt that an action ends.
fn outcome(action: &str) -> Option<&'static str> {
    match action {
        "SUCCEED" => Some("SUCCEEDED"),
        "FAIL" | "RETRY" => Some("FAILED"),
        _ => None,
    }
}
