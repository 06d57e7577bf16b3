//! AWS calls to SQS and SNS. The client holds the responses, so no network is involved.

use aws_sdk_sns::Client;
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_types::SdkConfig;
use aws_types::sdk_config::SharedCredentialsProvider;
use awssdk_instrumentation::interceptor::DefaultInterceptor;
use tokio::runtime::{Builder, Runtime};

use super::traced::Stack;
use super::{CALLS, UNITS};
use crate::Result;
use crate::section::{Column, Section, Variant, counts};

const BARE: &str = "aws-sdk";
const OURS: &str = "thundra";
/// The invocations of a counted repetition. The SDK fills dozens of hash maps for each call, and the cost varies.
const COUNTED: u64 = 5;

pub(super) fn section() -> Section {
    Section::new(
        "aws",
        "One AWS call",
        "Microseconds for a call with the genuine client: CPU time of the process, and wall time. An invocation makes \
         20 calls, and a flush hands its spans to an exporter that drops them. The response comes from memory, so \
         signing, serialising, retries and tracing are measured, but no network. thundra also writes its context into \
         the message; awssdk-instrumentation writes none. Instructions are the median of three counts, which differ \
         by some thousands because the SDK's hash maps have random seeds.",
    )
    .variants([
        variant(BARE, "not traced", |config| Ok((Stack::Plain, aws_sdk_sqs::Client::new(config), Client::new(config)))),
        variant(OURS, "", |config| {
            thundra_aws::bench_support::watch_unwrapped();
            Ok((Stack::thundra()?, thundra_aws::sqs::client(config), thundra_aws::sns::client(config)))
        }),
        variant("thundra without `unwrapped-clients`", "", |config| {
            Ok((Stack::thundra()?, thundra_aws::sqs::client(config), thundra_aws::sns::client(config)))
        }),
        variant("thundra, `OTEL_PROPAGATORS=none`", "spans alone", |config| {
            thundra_aws::bench_support::watch_unwrapped();
            let stack = Stack::thundra_that_carries("none")?;
            Ok((stack, thundra_aws::sqs::client(config), thundra_aws::sns::client(config)))
        }),
        variant("thundra, a client that nobody wrapped", "spans alone", |config| {
            thundra_aws::bench_support::watch_unwrapped();
            Ok((Stack::thundra()?, aws_sdk_sqs::Client::new(config), Client::new(config)))
        }),
        variant("awssdk-instrumentation", "spans alone; default, batch", |config| {
            let sqs = aws_sdk_sqs::config::Builder::from(config).interceptor(DefaultInterceptor::new());
            let sns = aws_sdk_sns::config::Builder::from(config).interceptor(DefaultInterceptor::new());
            let clients = (aws_sdk_sqs::Client::from_conf(sqs.build()), Client::from_conf(sns.build()));
            Ok((Stack::awssdk_tracing()?, clients.0, clients.1))
        }),
    ])
    .columns([
        Column::spread("sqs_cpu", "SQS: CPU"),
        Column::over("sqs_cpu", "over bare", BARE),
        Column::over("sqs_wall", "wall over bare", BARE),
        Column::spread("sns_cpu", "SNS: CPU"),
        Column::over("sns_cpu", "over bare", BARE),
        Column::over("sns_wall", "wall over bare", BARE),
        Column::over(counts::INSTRUCTIONS, "SQS: instructions over bare", BARE),
        Column::over(counts::ALLOCATIONS, "allocations over bare", BARE),
    ])
}

type Clients = (Stack, aws_sdk_sqs::Client, Client);

fn variant(name: &'static str, about: &'static str, clients: fn(&SdkConfig) -> Result<Clients>) -> Variant {
    let set_up = move || -> Result<Calls> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stack, sqs, sns) = clients(&config())?;
        runtime.block_on(stack.check(CALLS + 1, send(&sqs)))?;
        runtime.block_on(stack.check(CALLS + 1, publish(&sns)))?;
        Ok(Calls { runtime, stack, sqs, sns })
    };
    Variant::within(name, about, move |bench| {
        let calls = set_up()?;
        bench.repeat(|laps| {
            laps.wall_and_cpu("sqs_wall", "sqs_cpu", UNITS, || calls.sqs()).expect("it went well before");
            laps.wall_and_cpu("sns_wall", "sns_cpu", UNITS, || calls.sns()).expect("it went well before");
        });
        Ok(())
    })
    .counted(CALLS * COUNTED, move |times| {
        let calls = set_up()?;
        (0..times * COUNTED).try_for_each(|_| calls.sqs())
    })
}

/// The clients and the stack of an invocation.
struct Calls {
    runtime: Runtime,
    stack: Stack,
    sqs: aws_sdk_sqs::Client,
    sns: Client,
}

impl Calls {
    fn sqs(&self) -> Result<()> {
        self.runtime.block_on(self.stack.invocation(send(&self.sqs)))
    }

    fn sns(&self) -> Result<()> {
        self.runtime.block_on(self.stack.invocation(publish(&self.sns)))
    }
}

/// Returns a configuration whose client responds immediately, in XML for SNS and in JSON for SQS.
fn config() -> SdkConfig {
    const SQS: &str = r#"{"MD5OfMessageBody":"fafb00f5732ab283681e124bf8747ed1","MessageId":"219f8380-5770"}"#;
    const SNS: &str =
        "<PublishResponse><PublishResult><MessageId>94f20ce6</MessageId></PublishResult></PublishResponse>";
    let answer = |request: ::http::Request<_>| {
        let sqs = request.uri().host().is_some_and(|host| host.starts_with("sqs."));
        let id = ("x-amzn-requestid", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
        ::http::Response::builder().header(id.0, id.1).body(if sqs { SQS } else { SNS }).expect("it is well-formed")
    };
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "SECRET", None, None, "bench")))
        .http_client(infallible_client_fn(answer))
        .build()
}

const MESSAGE: &str = r#"{"order":"order-00000001","customer":"customer-31","total":117.5}"#;

async fn send(client: &aws_sdk_sqs::Client) -> Result<()> {
    for _ in 0..CALLS {
        let queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders";
        client.send_message().queue_url(queue).message_body(MESSAGE).send().await?;
    }
    Ok(())
}

async fn publish(client: &Client) -> Result<()> {
    for _ in 0..CALLS {
        let topic = "arn:aws:sns:eu-central-1:123456789012:orders";
        client.publish().topic_arn(topic).message(MESSAGE).send().await?;
    }
    Ok(())
}
