//! Topics, queues and streams, with subscriptions and event source mappings.

use aws_sdk_lambda::types::{EventSourcePosition, FunctionResponseType};
use aws_sdk_sqs::types::QueueAttributeName;

use super::{Cloud, given, refused};
use crate::harness::Error;

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The address for producers.
    pub url: String,
    /// The ARN for event source mappings.
    pub arn: String,
}

/// An event source mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    id: String,
}

impl Cloud {
    /// Creates a topic and returns the ARN.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn create_topic(&self, name: &str) -> Result<String, Error> {
        let answer = self.sns.create_topic().name(name).send().await;
        given(answer.map_err(refused(format_args!("create the topic {name}")))?.topic_arn, "topic ARN")
    }

    /// Subscribes a function to a topic.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn subscribe(&self, topic_arn: &str, function_arn: &str) -> Result<(), Error> {
        let request = self.sns.subscribe().topic_arn(topic_arn).protocol("lambda").endpoint(function_arn);
        request.send().await.map_err(refused(format_args!("subscribe {function_arn}")))?;
        Ok(())
    }

    /// Creates a queue, which is FIFO if the name ends with `.fifo`. A message that a function reported as failed is
    /// delivered again after `visibility_timeout` seconds.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn create_queue(&self, name: &str, visibility_timeout: u32) -> Result<Queue, Error> {
        let mut request = self
            .sqs
            .create_queue()
            .queue_name(name)
            .attributes(QueueAttributeName::VisibilityTimeout, visibility_timeout.to_string());
        if name.ends_with(".fifo") {
            request = request.attributes(QueueAttributeName::FifoQueue, "true");
        }
        let answer = request.send().await.map_err(refused(format_args!("create the queue {name}")))?;
        let url = given(answer.queue_url, "queue URL")?;

        let request = self.sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::QueueArn);
        let answer = request.send().await.map_err(refused(format_args!("describe the queue {name}")))?;
        let arn = answer.attributes.and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
        Ok(Queue { url, arn: given(arn, "queue ARN")? })
    }

    /// Creates a stream of one shard and returns the ARN.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn create_stream(&self, name: &str) -> Result<String, Error> {
        let request = self.kinesis.create_stream().stream_name(name).shard_count(1);
        request.send().await.map_err(refused(format_args!("create the stream {name}")))?;
        let answer = self.kinesis.describe_stream_summary().stream_name(name).send().await;
        let summary = answer.map_err(refused(format_args!("describe the stream {name}")))?.stream_description_summary;
        Ok(given(summary, "stream")?.stream_arn)
    }

    /// Maps a queue to a function, with batches of up to `batch_size` messages.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn map_queue(&self, queue: &Queue, function: &str, batch_size: i32) -> Result<Mapping, Error> {
        self.map(&queue.arn, function, batch_size, None).await
    }

    /// Maps a stream to a function, with batches of up to `batch_size` records, from the oldest on.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn map_stream(&self, stream_arn: &str, function: &str, batch_size: i32) -> Result<Mapping, Error> {
        self.map(stream_arn, function, batch_size, Some(EventSourcePosition::TrimHorizon)).await
    }

    async fn map(
        &self,
        source: &str,
        function: &str,
        batch_size: i32,
        position: Option<EventSourcePosition>,
    ) -> Result<Mapping, Error> {
        let answer = self
            .lambda
            .create_event_source_mapping()
            .event_source_arn(source)
            .function_name(function)
            .batch_size(batch_size)
            .set_starting_position(position)
            // Without this type, a partial failure counts as success, and the failed records are lost.
            .function_response_types(FunctionResponseType::ReportBatchItemFailures)
            .send()
            .await
            .map_err(refused(format_args!("map {source} to {function}")))?;
        Ok(Mapping { id: given(answer.uuid, "mapping")? })
    }

    /// Pauses or resumes a mapping. After a pause, all records of the pause are delivered as one batch.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn enable(&self, mapping: &Mapping, enabled: bool) -> Result<(), Error> {
        let request = self.lambda.update_event_source_mapping().uuid(&mapping.id).enabled(enabled);
        request.send().await.map_err(refused("change an event source mapping"))?;
        Ok(())
    }
}
