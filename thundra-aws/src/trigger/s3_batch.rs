//! [S3 Batch Operations], which calls a function for each object of a job.
//!
//! A task carries no context. The creator of the job may have put a context into the `userArguments`. Schema 2.0
//! delivers the `userArguments` with each task.
//!
//! [S3 Batch Operations]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html

use std::borrow::Cow;

use thundra_core::propagation::Inbound;
use thundra_core::{Config, semconv};

use super::event::Event;
use super::parse::json::Object;
#[cfg(feature = "s3-batch")]
use super::parse::s3_object;
use super::parse::s3_object::decode;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger, common, s3};
use crate::attributes::Attributes;

pub(super) static SOURCE: Source = Source {
    name: "s3_batch",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: cfg!(feature = "s3-batch"),
    recognise: Recognise::Members(|event| {
        // A program may send a `job` and `tasks` of another kind.
        let is_task = |task| Object::parse(task).is_some_and(|task| task.has("s3Key"));
        let has_task = || event.members.array("tasks").first().is_some_and(|task| is_task(task));
        event.members.object("job").is_some_and(|job| job.has("id")) && has_task()
    }),
    read,
};

/// Returns the attributes of a span for the processing of tasks about a bucket.
pub(crate) fn process(job: Option<&str>, bucket: Option<&str>) -> Attributes {
    let mut attributes = Vec::with_capacity(4);
    attributes.extend(job.map(|job| (semconv::AWS_S3_BATCH_JOB_ID, job.to_owned().into())));
    for key in [semconv::AWS_S3_BUCKET, semconv::FAAS_DOCUMENT_COLLECTION] {
        attributes.extend(bucket.map(|bucket| (key, bucket.to_owned().into())));
    }
    attributes
}

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let job = event.members.object("job")?;
    let arguments: Vec<_> = job.object("userArguments").map(|pairs| pairs.texts().collect()).unwrap_or_default();
    let inbound = trigger.extractor(config).extract(&arguments);
    let tasks = event.members.objects("tasks");
    let tasks = tasks.iter().map(S3Task::of);
    let bucket = common(tasks.clone().map(|task| task.bucket));
    trigger.set_all(process(job.text("id").as_deref(), bucket.as_deref()));
    trigger.deliver(tasks.map(|task| task.read(inbound.clone())));
    Some(())
}

/// A task of S3 Batch Operations as JSON, or as the type of an event.
#[derive(Debug)]
pub(crate) struct S3Task<'a> {
    /// `taskId`
    pub(crate) id: Option<Cow<'a, str>>,
    /// `s3Key`, encoded as in an HTML form.
    pub(crate) key: Option<Cow<'a, str>>,
    /// The name of the bucket: `s3Bucket`, or the last part of `s3BucketArn`.
    pub(crate) bucket: Option<Cow<'a, str>>,
}

impl<'a> S3Task<'a> {
    fn of(task: &Object<'a>) -> Self {
        let bucket = task.text("s3Bucket").or_else(|| task.text("s3BucketArn"));
        S3Task { id: task.text("taskId"), key: task.text("s3Key"), bucket: bucket.map(bucket_name) }
    }

    /// Reads the ids of the task. `inbound` is the context of the job.
    pub(crate) fn read(self, inbound: Inbound) -> Message {
        let mut attributes = Vec::with_capacity(3);
        attributes.extend(self.id.map(|id| (semconv::AWS_S3_BATCH_TASK_ID, id.into_owned().into())));
        s3::add_key(&mut attributes, self.key.map(|key| decode(&key)));
        Message { inbound, attributes, ..Message::default() }
    }
}

/// Decodes the key of a task.
#[cfg(feature = "s3-batch")]
pub(crate) fn decoded_key(key: &str) -> String {
    s3_object::decode(key)
}

/// Returns the name of a bucket, given the name or the ARN.
pub(crate) fn bucket_name(bucket: Cow<'_, str>) -> Cow<'_, str> {
    match bucket {
        Cow::Borrowed(bucket) => Cow::Borrowed(last_part(bucket)),
        Cow::Owned(bucket) => Cow::Owned(last_part(&bucket).to_owned()),
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
