//! Tasks of S3 Batch Operations.

use std::borrow::Cow;

use aws_lambda_events::event::s3::batch_job::{S3BatchJobEvent, S3BatchJobResponse, S3BatchJobResult, S3BatchJobTask};
use thundra_core::propagation::Inbound;

use super::record::Delivery;
use super::source::{BatchSource, Handled, Order, Outcome};
use super::{BatchEvent, Takes};
use crate::trigger::Extractor;
use crate::trigger::s3_batch::{S3Task, bucket_name, decoded_key, process};

/// The result of a task of S3 Batch Operations, returned by the work on the task.
///
/// `()` and texts are `Succeeded`. The error of the work is a `TemporaryFailure`, with the text of the error: S3 gives
/// the task to a function again before the job ends.
///
/// # Examples
///
/// ```
/// use aws_lambda_events::event::s3::batch_job::{S3BatchJobEvent, S3BatchJobResponse};
/// use lambda_runtime::{Error, LambdaEvent};
/// use thundra_aws::batch::{self, TaskResult};
///
/// async fn handler(event: LambdaEvent<S3BatchJobEvent>) -> Result<S3BatchJobResponse, Error> {
///     batch::each_text(event.payload, async |key: String| {
///         if key.ends_with('/') {
///             return Ok::<_, Error>(TaskResult::permanent_failure("a folder"));
///         }
///         Ok(TaskResult::succeeded(format!("{} bytes", key.len())))
///     })
///     .await
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskResult {
    code: &'static str,
    text: String,
}

impl TaskResult {
    /// Returns `Succeeded`, with a text for the completion report.
    pub fn succeeded(text: impl Into<String>) -> Self {
        TaskResult { code: "Succeeded", text: text.into() }
    }

    /// Returns `TemporaryFailure`: S3 gives the task to a function again. The text of the last failure is in the
    /// completion report.
    pub fn temporary_failure(text: impl Into<String>) -> Self {
        TaskResult { code: "TemporaryFailure", text: text.into() }
    }

    /// Returns `PermanentFailure`, with a text for the completion report.
    pub fn permanent_failure(text: impl Into<String>) -> Self {
        TaskResult { code: "PermanentFailure", text: text.into() }
    }
}

impl From<()> for TaskResult {
    fn from((): ()) -> Self {
        TaskResult::succeeded("")
    }
}

impl From<String> for TaskResult {
    fn from(text: String) -> Self {
        TaskResult::succeeded(text)
    }
}

impl From<&str> for TaskResult {
    fn from(text: &str) -> Self {
        TaskResult::succeeded(text)
    }
}

/// The members repeated in the response.
#[derive(Debug)]
pub struct Invocation {
    schema_version: Option<String>,
    id: Option<String>,
    job: Option<String>,
}

impl BatchEvent for S3BatchJobEvent {
    type Record = S3BatchJobTask;
    type Response = S3BatchJobResponse;

    type Header = Invocation;
    type Id = Option<String>;
    type Output = TaskResult;

    const SOURCE: BatchSource<Self> = BatchSource {
        open: |event| {
            let (schema_version, id) = (event.invocation_schema_version, event.invocation_id);
            (Invocation { schema_version, id, job: event.job.id }, event.tasks)
        },
        order: |_| Order::Results,
        group: |_, _| None,
        name: |_| None,
        id: |task| task.task_id.clone(),
        read,
        payload: |task| match &task.s3_key {
            Some(key) => Ok(Some(Cow::Owned(decoded_key(key).into_bytes()))),
            None => Err("the task has no key"),
        },
        respond: |invocation, tasks| {
            let mut response = S3BatchJobResponse::default();
            response.invocation_schema_version = invocation.schema_version;
            response.invocation_id = invocation.id;
            // The setting is for tasks without a result. Each task has a result.
            response.treat_missing_keys_as = Some("TemporaryFailure".to_owned());
            response.results = tasks.into_iter().map(result).collect();
            response
        },
    };
}

impl<R: Into<TaskResult>> Takes<R> for S3BatchJobEvent {
    fn output(result: R) -> TaskResult {
        result.into()
    }
}

fn result(task: Handled<S3BatchJobEvent>) -> S3BatchJobResult {
    let TaskResult { code, text } = match task.outcome {
        Outcome::Done(result) => result,
        Outcome::Failed(error) => TaskResult::temporary_failure(error),
        Outcome::HeldBack | Outcome::NotBegun => TaskResult::temporary_failure("not begun before the deadline"),
    };
    let mut result = S3BatchJobResult::default();
    (result.task_id, result.result_code, result.result_string) = (task.id, Some(code.to_owned()), Some(text));
    result
}

fn read(invocation: &Invocation, task: &S3BatchJobTask, _: Extractor<'_>) -> Delivery {
    let bucket = task.s3_bucket_arn.as_deref().map(|arn| bucket_name(Cow::Borrowed(arn)));
    let read = S3Task {
        id: task.task_id.as_deref().map(Cow::Borrowed),
        key: task.s3_key.as_deref().map(Cow::Borrowed),
        bucket: bucket.clone(),
    };
    let attributes = process(invocation.job.as_deref(), bucket.as_deref());
    // The type of the event lacks the arguments of the job: the context of the job is the invocation's alone.
    Delivery::new(bucket.as_deref(), attributes, read.read(Inbound::default()))
}
