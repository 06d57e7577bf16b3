//! The ids that Datadog computes for executions of Step Functions.
//!
//! Datadog makes the spans of an execution out of the logs of Step Functions, so nothing carries the ids of the spans.
//! Each side computes the ids from the SHA-256 hash of texts of the [context object], which the definition of the state
//! machine hands to a function as the member `_datadog`.
//!
//! | id | bits of the hash | of |
//! |---|---|---|
//! | trace, lower half | the second 64, without the first bit | the execution at the root, else the running one |
//! | trace, upper half | the first 64, without the first bit | the same |
//! | span of the state | the first 64, without the first bit | `{execution}#{state}#{entered}`, from the first retry or redrive on with `#{retries}#{redrives}` |
//!
//! An execution that a traced function started has the trace of this function, in `x-datadog-trace-id`.
//!
//! [context object]: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html

use sha2::{Digest, Sha256};

use super::json::Object;

/// The ids of the state of an execution.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ComputedIds {
    /// The lower and the upper half of the trace id.
    pub(super) trace: (u64, u64),
    /// The span of the state.
    pub(super) parent: u64,
}

impl ComputedIds {
    /// Computes the ids from the text of a context object. `None` for any other object.
    pub(super) fn of(context: &str) -> Option<Self> {
        let context = Object::parse(context)?;
        let (execution, state) = (context.object("Execution")?, context.object("State")?);
        let (id, name, entered) = (execution.text("Id")?, state.text("Name")?, state.text("EnteredTime")?);
        let root = context.text("RootExecutionId");
        let (upper, lower) = halves(root.as_deref().unwrap_or(&id));
        let count = |object: &Object<'_>, name| object.number(name).map_or(0, |count| count as u64);
        let counts = match (count(&state, "RetryCount"), count(&execution, "RedriveCount")) {
            (0, 0) => String::new(),
            (retries, redrives) => format!("#{retries}#{redrives}"),
        };
        let (parent, _) = halves(&format!("{id}#{name}#{entered}{counts}"));
        Some(ComputedIds { trace: (lower, upper), parent })
    }
}

/// Returns the first and the second 64 bits of the hash of a text, without the first bit of each. An id is never zero.
fn halves(text: &str) -> (u64, u64) {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let half = |bytes: Option<&[u8; 8]>| (bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes)) & (u64::MAX >> 1)).max(1);
    (half(digest.first_chunk()), half(digest.get(8..).and_then(<[u8]>::first_chunk)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const EXECUTION: &str = "arn:aws:states:sa-east-1:425362996713:express:logs-to-traces-sequential:\
                             85a9933e-9e11-83dc-6a61-b92367b6c3be:3f7ef5c7-c8b8-4c88-90a1-d54aa7e7e2bf";

    /// The numbers are those of the tests of Datadog's libraries.
    #[test]
    fn texts_have_the_hashes_of_datadogs_libraries() {
        let state = "arn:aws:states:sa-east-1:601427271234:express:DatadogStateMachine:\
                     acaf1a67-336a-e854-1599-2a627eb2dd8a:c8baf081-31f1-464d-971f-70cb17d01111#step-one#2022-12-08T21:08:19.224Z";
        assert_eq!(halves("some_testing_random_string").0, 4_364_271_812_988_819_936);
        assert_eq!(halves(state).0, 4_340_734_536_022_949_921);
        assert_eq!(halves(EXECUTION).1, 1_139_193_989_631_387_307);
    }

    #[test]
    fn a_state_has_the_ids_of_datadogs_span() {
        let context = |execution: Value, state: Value| json!({"Execution": execution, "State": state});
        let first =
            context(json!({"Id": EXECUTION}), json!({"Name": "step-one", "EnteredTime": "2022-12-08T21:08:19.224Z"}));
        let ids = ComputedIds::of(&first.to_string()).unwrap();
        assert_eq!((ids.trace.0, ids.parent), (1_139_193_989_631_387_307, 5_892_738_536_804_826_142));

        let mut with_counts = first.clone();
        (with_counts["State"]["RetryCount"], with_counts["Execution"]["RedriveCount"]) = (json!(0), json!(0));
        assert_eq!(ComputedIds::of(&with_counts.to_string()), Some(ids), "the first attempt");
        with_counts["State"]["RetryCount"] = json!(2);
        let retried = ComputedIds::of(&with_counts.to_string()).unwrap();
        let span = format!("{EXECUTION}#step-one#2022-12-08T21:08:19.224Z#2#0");
        assert_eq!(retried.parent, halves(&span).0, "a retry");

        let mut nested = first.clone();
        nested["RootExecutionId"] = json!("arn:aws:states:sa-east-1:425362996713:execution:root:1");
        let nested = ComputedIds::of(&nested.to_string()).unwrap();
        assert_eq!(nested.parent, 5_892_738_536_804_826_142, "the state of this execution");
        let (upper, lower) = halves("arn:aws:states:sa-east-1:425362996713:execution:root:1");
        assert_eq!(nested.trace, (lower, upper), "in the trace of the first");

        for (other, why) in [
            (json!({}), "nothing"),
            (context(json!({"Id": EXECUTION}), json!({"Name": "s"})), "no time"),
            (context(json!({"Id": 7}), json!({"Name": "s", "EnteredTime": "t"})), "no id"),
        ] {
            assert_eq!(ComputedIds::of(&other.to_string()), None, "{why}");
        }
    }
}
