//! The transports, and our messages on the wire.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_smithy_types::Blob;
use thundra_aws::service_fn;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Config, Env, Scope};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::IDS;
use crate::delivery::{self, Delivery};
use crate::endpoint::{Endpoint, Request};
use crate::message::{self, Message};

pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// The span in golden messages.
const SPAN: &str = "b7ad6b7169203331";
const ORDER: &str = r#"{"order":7}"#;
const ORDERS: [&str; 2] = [ORDER, r#"{"order":8}"#];

type Sending = Pin<Box<dyn Future<Output = Request>>>;

pub(crate) struct Transport {
    /// Name of the golden messages, in `peer.js` as well.
    pub(crate) name: &'static str,
    /// Sends the message of `peer.js`.
    send: fn() -> Sending,
    /// The messages in a request.
    pub(crate) messages: fn(&Request) -> Vec<Message>,
    pub(crate) deliveries: &'static [Delivery],
    /// `true` if Node reads the place of our context.
    pub(crate) reaches_node: bool,
}

pub(crate) const TRANSPORTS: [Transport; 10] = [
    Transport {
        name: "http",
        send: || Box::pin(get("http://orders.internal/orders")),
        messages: message::of_http,
        deliveries: delivery::HTTP,
        reaches_node: true,
    },
    Transport {
        name: "sns",
        send: || {
            aws(async |config| {
                let publish = thundra_aws::sns::client(&config).publish().message(ORDER);
                drop(publish.topic_arn("arn:aws:sns:eu-west-1:123456789012:orders").send().await);
            })
        },
        messages: message::of_sns,
        deliveries: delivery::SNS,
        reaches_node: true,
    },
    Transport {
        name: "sqs",
        send: || {
            aws(async |config| {
                let send = thundra_aws::sqs::client(&config).send_message().message_body(ORDER);
                drop(send.queue_url("https://sqs.eu-west-1.amazonaws.com/123456789012/orders").send().await);
            })
        },
        messages: message::of_sqs,
        deliveries: delivery::SQS,
        reaches_node: true,
    },
    Transport {
        name: "sqs-batch",
        send: || {
            aws(async |config| {
                let entry = |body: &str| {
                    SendMessageBatchRequestEntry::builder().id(body.len().to_string()).message_body(body).build()
                };
                let entries = ORDERS.map(entry).map(Result::unwrap).to_vec();
                let send = thundra_aws::sqs::client(&config).send_message_batch().set_entries(Some(entries));
                drop(send.queue_url("https://sqs.eu-west-1.amazonaws.com/123456789012/orders").send().await);
            })
        },
        messages: message::of_sqs,
        deliveries: delivery::SQS,
        reaches_node: true,
    },
    Transport {
        name: "kinesis",
        send: || {
            aws(async |config| {
                let put = thundra_aws::kinesis::client(&config).put_record().stream_name("orders");
                drop(put.partition_key("key").data(Blob::new(ORDER)).send().await);
            })
        },
        messages: message::of_kinesis,
        deliveries: delivery::KINESIS,
        reaches_node: true,
    },
    Transport {
        name: "kinesis-batch",
        send: || {
            aws(async |config| {
                let record =
                    |data| PutRecordsRequestEntry::builder().partition_key("key").data(Blob::new(data)).build();
                let records = ORDERS.map(record).map(Result::unwrap).to_vec();
                let put = thundra_aws::kinesis::client(&config).put_records().stream_name("orders");
                drop(put.set_records(Some(records)).send().await);
            })
        },
        messages: message::of_kinesis,
        deliveries: delivery::KINESIS,
        reaches_node: true,
    },
    Transport {
        name: "eventbridge",
        send: || {
            aws(async |config| {
                let entry = PutEventsRequestEntry::builder().source("shop").detail_type("placed").detail(ORDER).build();
                drop(thundra_aws::eventbridge::client(&config).put_events().entries(entry).send().await);
            })
        },
        messages: message::of_eventbridge,
        deliveries: delivery::EVENTBRIDGE,
        reaches_node: true,
    },
    Transport {
        name: "lambda",
        send: || {
            aws(async |config| {
                let invoke = thundra_aws::lambda::client(&config).invoke().function_name("orders");
                drop(invoke.payload(Blob::new(ORDER)).send().await);
            })
        },
        messages: message::of_lambda,
        deliveries: delivery::PAYLOAD,
        // No Node package reads the client context. The payload of the caller does not change.
        reaches_node: false,
    },
    Transport {
        name: "lambda-async",
        send: || {
            aws(async |config| {
                let invoke = thundra_aws::lambda::client(&config).invoke().function_name("orders");
                drop(invoke.invocation_type(InvocationType::Event).payload(Blob::new(ORDER)).send().await);
            })
        },
        messages: message::of_lambda,
        deliveries: delivery::PAYLOAD,
        reaches_node: true,
    },
    Transport {
        name: "stepfunctions",
        send: || {
            aws(async |config| {
                let start = thundra_aws::sfn::client(&config).start_execution().input(ORDER);
                let arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders";
                drop(start.state_machine_arn(arn).send().await);
            })
        },
        messages: message::of_stepfunctions,
        deliveries: delivery::PAYLOAD,
        reaches_node: true,
    },
];

impl Transport {
    /// Returns our messages, from a scope with the received [`IDS`].
    pub(crate) fn sent(&self) -> Vec<Message> {
        thundra_core::install(Config::from_env(&Env::from_pairs([("RUST_LOG", "off")])));
        let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let received = IDS.map(|(key, value)| (key, if key == "call-chain-length" { "2" } else { value }));
        let received = received.into_iter().chain([("traceparent", traceparent.as_str())]);
        let scope = Scope::builder("invocation")
            .parent(Inbound::extract(received, Propagators::default(), Trust::Full))
            .begin();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = runtime.block_on(scope.run((self.send)()));
        drop(scope.finish());
        named_alike((self.messages)(&request))
    }
}

/// Returns the messages of a call with a fixed span id. The id is new in each run.
fn named_alike(messages: Vec<Message>) -> Vec<Message> {
    let text = serde_json::to_string(&messages).unwrap();
    let (_, rest) = text.split_once(&format!("00-{TRACE}-")).unwrap_or_else(|| panic!("no trace in {text}"));
    serde_json::from_str(&text.replace(&rest[..SPAN.len()], SPAN)).unwrap()
}

/// Sends to an endpoint in the place of AWS.
fn aws<F: Future<Output = ()>>(call: impl FnOnce(SdkConfig) -> F + 'static) -> Sending {
    Box::pin(async {
        let endpoint = Endpoint::start().await;
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&endpoint.url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
            .retry_config(RetryConfig::disabled());
        call(config.build()).await;
        endpoint.take()
    })
}

/// Sends a request through a client that returns the request as the response.
async fn get(uri: &str) -> Request {
    let echo = service_fn(|request| ready(Ok::<_, Infallible>(http::Response::new(request))));
    let mut client = thundra_http::Layer::client().layer(echo);
    let request: http::Request<()> = client.call(http::Request::get(uri).body(()).unwrap()).await.unwrap().into_body();
    let header =
        |(name, value): (&http::HeaderName, &http::HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    Request { line: String::new(), headers: request.headers().iter().map(header).collect(), body: Vec::new() }
}
