//! The account: resources, and sending and reading through each transport.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, Record, ShardIteratorType};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::{Value, json};
use thundra_examples::harness::cloud::{self, Cloud, Queue};
use thundra_examples::seen::Seen;

use crate::cases::Transport;
use crate::received::{kinesis_event, sqs_event};
use crate::soon;

const STREAM: &str = "parcels";
pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/shop";
/// The message of every case.
const ORDER: &str = r#"{"order": "order-1", "total": 12.50}"#;

/// An account on an emulator, with a queue for each transport.
pub(crate) struct Account {
    config: SdkConfig,
    sqs: aws_sdk_sqs::Client,
    kinesis: aws_sdk_kinesis::Client,
    direct: Queue,
    envelopes: Queue,
    raw: Queue,
    events: Queue,
    steps: Queue,
    envelope_topic: String,
    raw_topic: String,
    stream_arn: String,
    passing: String,
    sending: String,
}

impl Account {
    pub(crate) async fn open(endpoint: &str) -> Self {
        let config = cloud::config(endpoint);
        let cloud = Cloud::at(endpoint).unwrap();
        let queue = async |name| cloud.create_queue(name, 30).await.unwrap();
        let (envelopes, raw) = (queue("envelopes").await, queue("raw").await);
        let (events, steps) = (queue("events").await, queue("steps").await);
        let sns = aws_sdk_sns::Client::new(&config);
        let topic = async |name, queue: &Queue, raw: bool| {
            let topic = cloud.create_topic(name).await.unwrap();
            let subscription = sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&queue.arn);
            subscription.attributes("RawMessageDelivery", raw.to_string()).send().await.unwrap();
            topic
        };
        let envelope_topic = topic("envelopes", &envelopes, false).await;
        let raw_topic = topic("raw", &raw, true).await;
        let stream_arn = cloud.create_stream(STREAM).await.unwrap();
        route_events(&config, &events).await;
        let passing = state_machine(&config, "passing", json!({ "Type": "Pass", "End": true })).await;
        let send = json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": { "QueueUrl": steps.url, "MessageBody.$": "$" },
            "End": true,
        });
        let sending = state_machine(&config, "sending", send).await;
        Account {
            sqs: aws_sdk_sqs::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
            direct: queue("direct").await,
            config,
            envelopes,
            raw,
            events,
            steps,
            envelope_topic,
            raw_topic,
            stream_arn,
            passing,
            sending,
        }
    }

    /// Sends an order with a traced client.
    pub(crate) async fn send(&self, transport: Transport) {
        let config = &self.config;
        match transport {
            Transport::Sqs => {
                let sqs = thundra_aws::sqs::client(config);
                sqs.send_message().queue_url(&self.direct.url).message_body(ORDER).send().await.unwrap();
            }
            Transport::SnsToSqs { raw } => {
                let topic = if raw { &self.raw_topic } else { &self.envelope_topic };
                thundra_aws::sns::client(config).publish().topic_arn(topic).message(ORDER).send().await.unwrap();
            }
            Transport::Kinesis => {
                let record = PutRecordsRequestEntry::builder().partition_key("order-1").data(Blob::new(ORDER));
                let kinesis = thundra_aws::kinesis::client(config);
                let put = kinesis.put_records().stream_name(STREAM).records(record.build().unwrap());
                assert_eq!(put.send().await.unwrap().failed_record_count, Some(0));
            }
            Transport::EventBridgeToSqs => {
                let entry = PutEventsRequestEntry::builder().source("shop").detail_type("ordered").detail(ORDER);
                let put = thundra_aws::eventbridge::client(config).put_events().entries(entry.build());
                assert_eq!(put.send().await.unwrap().failed_entry_count, 0);
            }
            Transport::StepFunctions | Transport::StepFunctionsToSqs => {
                let passes = transport == Transport::StepFunctions;
                let machine = if passes { &self.passing } else { &self.sending };
                let start = thundra_aws::sfn::client(config).start_execution().state_machine_arn(machine);
                start.input(ORDER).send().await.unwrap();
            }
        }
    }

    /// Reads the message with a plain client, and builds the event for Lambda.
    pub(crate) async fn event(&self, transport: Transport) -> Value {
        if let Some(queue) = self.queue(transport) {
            let receive = || {
                let receive =
                    self.sqs.receive_message().message_system_attribute_names(MessageSystemAttributeName::All);
                receive.message_attribute_names("All")
            };
            return sqs_event(&message(queue, receive).await, &queue.arn);
        }
        match transport {
            Transport::Kinesis => kinesis_event(&record(&self.kinesis).await, &self.stream_arn),
            _ => self.input().await,
        }
    }

    /// Processes the message with a traced client, without deletion. `None` for transports without workers.
    pub(crate) async fn worked(&self, transport: Transport) -> Option<Seen> {
        let work = match (self.queue(transport), transport) {
            (Some(queue), _) => {
                let sqs = thundra_aws::sqs::client(&self.config);
                let message = message(queue, || sqs.receive_message().visibility_timeout(0)).await;
                assert!(message.message_attributes.is_none(), "nobody asked for them: {message:?}");
                thundra_aws::sqs::process(message, async |_| Ok::<_, String>(Seen::here())).await
            }
            (None, Transport::Kinesis) => {
                let record = record(&thundra_aws::kinesis::client(&self.config)).await;
                let work = async |record: Record| {
                    assert_eq!(record.data.as_ref(), ORDER.as_bytes(), "as it was before our context");
                    Ok::<_, String>(Seen::here())
                };
                thundra_aws::kinesis::process(record, work).await
            }
            (None, _) => return None,
        };
        Some(work.unwrap())
    }

    fn queue(&self, transport: Transport) -> Option<&Queue> {
        match transport {
            Transport::Sqs => Some(&self.direct),
            Transport::SnsToSqs { raw: false } => Some(&self.envelopes),
            Transport::SnsToSqs { raw: true } => Some(&self.raw),
            Transport::EventBridgeToSqs => Some(&self.events),
            Transport::StepFunctionsToSqs => Some(&self.steps),
            Transport::Kinesis | Transport::StepFunctions => None,
        }
    }

    /// Returns the input of the execution.
    async fn input(&self) -> Value {
        let sfn = aws_sdk_sfn::Client::new(&self.config);
        let executions = sfn.list_executions().state_machine_arn(&self.passing).send().await.unwrap().executions;
        let execution = sfn.describe_execution().execution_arn(&executions[0].execution_arn).send().await.unwrap();
        serde_json::from_str(execution.input().unwrap()).unwrap()
    }
}

/// Creates a rule that forwards the shop's events to a queue.
async fn route_events(config: &SdkConfig, queue: &Queue) {
    let events = aws_sdk_eventbridge::Client::new(config);
    events.put_rule().name("ordered").event_pattern(r#"{"source": ["shop"]}"#).send().await.unwrap();
    let target = Target::builder().id("queue").arn(&queue.arn).build().unwrap();
    events.put_targets().rule("ordered").targets(target).send().await.unwrap();
}

/// Creates a state machine of one state.
pub(crate) async fn state_machine(config: &SdkConfig, name: &str, state: Value) -> String {
    let definition = json!({ "StartAt": "Only", "States": { "Only": state } });
    let sfn = aws_sdk_sfn::Client::new(config);
    let create = sfn.create_state_machine().name(name).role_arn(ROLE).definition(definition.to_string());
    create.send().await.unwrap().state_machine_arn
}

/// Waits for the next message of a queue.
async fn message(
    queue: &Queue,
    receive: impl Fn() -> aws_sdk_sqs::operation::receive_message::builders::ReceiveMessageFluentBuilder,
) -> Message {
    soon(&queue.arn, async || {
        let received = receive().queue_url(&queue.url).send().await.unwrap();
        received.messages.unwrap_or_default().pop()
    })
    .await
}

/// Returns the first record of the stream.
async fn record(kinesis: &aws_sdk_kinesis::Client) -> Record {
    let shards = kinesis.list_shards().stream_name(STREAM).send().await.unwrap().shards.unwrap();
    let iterator = kinesis.get_shard_iterator().stream_name(STREAM).shard_id(&shards[0].shard_id);
    let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
    let iterator = iterator.shard_iterator.unwrap();
    soon(STREAM, async || kinesis.get_records().shard_iterator(&iterator).send().await.unwrap().records.pop()).await
}
