//! The functions under test, each in a separate process.

use std::process::ExitCode;
use std::time::Instant;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::Value;
use thundra_aws::{Error, LambdaEvent, handler, service_fn};
use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{Telemetry, TelemetryBuilder};
use tracing::{info, instrument};
use tracing_log::log;

pub(crate) fn run(name: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match name {
        name if name.starts_with("batch_") => assert_eq!(crate::batches::program(name), Some(ExitCode::SUCCESS)),
        "traced" => runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap(),
        "run_concurrent" => runtime().block_on(thundra_aws::run_concurrent(service_fn(greeting))).unwrap(),
        "http" => runtime().block_on(thundra_aws::run(service_fn(order))).unwrap(),
        "plain" => runtime().block_on(lambda_runtime::run(service_fn(in_place))).unwrap(),
        "older" => runtime().block_on(lambda_runtime_0_14::run(lambda_runtime_0_14::service_fn(older))).unwrap(),
        "hidden" => {
            let unpack = async |event: LambdaEvent<String>| hidden(event.payload).await;
            runtime().block_on(lambda_runtime::run(service_fn(unpack))).unwrap();
        }
        "own_main" => {
            let _telemetry = thundra_aws::init();
            drop(thundra_aws::init());
            info!("an event before run");
            log::warn!(target: "orders::db", "a record before run");
            log::debug!(target: "hyper", "a detail of a library");
            runtime().block_on(thundra_aws::run(service_fn(logging))).unwrap();
        }
        "concurrent_lines" => {
            let _telemetry = thundra_aws::init();
            info!("an event before run");
            runtime().block_on(thundra_aws::run_concurrent(service_fn(logging))).unwrap();
        }
        "own_exporter" => {
            thundra_core::install(Telemetry::builder().exporter(Stderr));
            let _telemetry = thundra_aws::init();
            runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap();
        }
        "init_with" => {
            let _telemetry = thundra_aws::init_with(own_exporter());
            runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap();
        }
        "run_with" => {
            runtime().block_on(thundra_aws::run_with(own_exporter(), service_fn(greeting))).unwrap();
        }
        "run_concurrent_with" => {
            runtime().block_on(thundra_aws::run_concurrent_with(own_exporter(), service_fn(greeting))).unwrap();
        }
        #[cfg(feature = "http")]
        "http_run_with" => {
            let greet = lambda_http::service_fn(async |_: lambda_http::Request| Ok::<_, Error>("hello ann"));
            runtime().block_on(thundra_aws::http::run_with(own_exporter(), greet)).unwrap();
        }
        #[cfg(feature = "http")]
        "http_stream_run_with" | "http_stream_run_concurrent_with" => {
            use thundra_aws::http::{run_with_streaming_response_concurrent_with, run_with_streaming_response_with};
            let greet =
                async |_: lambda_http::Request| Ok::<_, Error>(lambda_http::Response::new("hello ann".to_owned()));
            let greet = lambda_http::service_fn(greet);
            let result = match name.ends_with("concurrent_with") {
                true => runtime().block_on(run_with_streaming_response_concurrent_with(own_exporter(), greet)),
                false => runtime().block_on(run_with_streaming_response_with(own_exporter(), greet)),
            };
            result.unwrap();
        }
        "telemetry" => assert_eq!(telemetry::main(), ExitCode::SUCCESS),
        "telemetry_and_init" => assert_eq!(telemetry_and_init::main(), ExitCode::SUCCESS),
        "telemetry_and_concurrent" => assert_eq!(telemetry_and_concurrent::main(), ExitCode::SUCCESS),
        "too_late" => {
            let _telemetry = thundra_aws::init_with(own_exporter());
            let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            let second = Telemetry::builder().exporter(thundra_core::export::ConsoleExporter::new()).layer(layer);
            runtime().block_on(thundra_aws::run_with(second, service_fn(greeting))).unwrap();
        }
        "foreign" => {
            tracing_subscriber::fmt().with_writer(std::io::stderr).init();
            runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap();
        }
        "foreign_with_layer" => {
            use tracing_subscriber::layer::SubscriberExt;
            use tracing_subscriber::util::SubscriberInitExt;
            let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            tracing_subscriber::registry().with(fmt).with(thundra_core::layer()).init();
            runtime().block_on(thundra_aws::run(service_fn(in_place))).unwrap();
        }
        "concurrent" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(thundra_aws::run_concurrent(service_fn(meet))).unwrap();
        }
        "many" => runtime().block_on(thundra_aws::run(service_fn(many))).unwrap(),
        "batch" => runtime().block_on(thundra_aws::run(service_fn(by_itself))).unwrap(),
        "init" => {
            let greet = |event: LambdaEvent<String>, state: std::sync::Arc<String>| async move {
                Ok::<_, Error>(format!("{state} {}", event.payload))
            };
            let code = thundra_aws::__private::main_with_state(
                Telemetry::default,
                connect,
                |state: std::sync::Arc<String>| service_fn(move |event| greet(event, state.clone())),
            );
            assert_eq!(code, std::process::ExitCode::SUCCESS);
        }
        "init_fails" => {
            let echo =
                |event: LambdaEvent<String>, _: std::sync::Arc<String>| async move { Ok::<_, Error>(event.payload) };
            let code =
                thundra_aws::__private::main_with_state(Telemetry::default, refuse, |state: std::sync::Arc<String>| {
                    service_fn(move |event| echo(event, state.clone()))
                });
            assert_eq!(code, std::process::ExitCode::FAILURE);
        }
        "shutdown" => {
            #[thundra_aws::handler(shutdown)]
            async fn main(event: LambdaEvent<String>) -> Result<String, Error> {
                greeting(event).await
            }
            assert_eq!(main(), ExitCode::SUCCESS);
        }
        "snap_start" => {
            let greet = |event: LambdaEvent<String>, hello: std::sync::Arc<&'static str>| async move {
                Ok::<_, Error>(format!("{hello} {}", event.payload))
            };
            thundra_aws::__private::main_with_state(
                Telemetry::default,
                crate::environment::connect,
                |state: std::sync::Arc<&'static str>| service_fn(move |event| greet(event, state.clone())),
            );
        }
        "snap_start_exporter" => {
            let telemetry = Telemetry::builder().exporter(crate::environment::Renewed);
            runtime().block_on(thundra_aws::run_concurrent_with(telemetry, service_fn(greeting))).unwrap();
        }
        "snap_start_in_place" => {
            let _telemetry = thundra_aws::init_with(Telemetry::builder().exporter(crate::environment::Renewed));
            runtime().block_on(lambda_runtime::run(service_fn(in_place))).unwrap();
        }
        other if other.starts_with("details") => crate::details::run(other),
        other if other.starts_with("loops") => crate::loops::run(other),
        #[cfg(feature = "axum")]
        other if other.starts_with("http_") => crate::http::run(other),
        #[cfg(feature = "sqs")]
        other if other.starts_with("hops") => crate::hops::run(other),
        #[cfg(feature = "remote-config")]
        other if other.starts_with("remote") => crate::remote_config::run(other),
        "measured" => crate::metrics::measured(),
        other if other.starts_with("usage") => crate::usage::run(other),
        other if other.starts_with("durable") => crate::durable::run(other),
        other if other.starts_with("deadline") => crate::deadlines::run(other),
        other if other.starts_with("evidence") => crate::evidence::run(other),
        other if other.starts_with("emf") => crate::emf::run(other),
        "scopes" => crate::scopes::run(),
        other if other.starts_with("separate") => crate::separate::run(other),
        sources if sources.starts_with("sources") => crate::sources::run(sources),
        ending if ending.starts_with("endings") => crate::endings::run(ending),
        other => crate::broken::run(other),
    }
}

async fn greeting(event: LambdaEvent<String>) -> Result<String, Error> {
    info!("FOREIGN greeting");
    match event.payload.as_str() {
        "error" => Err("no such name".into()),
        "panic" => panic!("at the disco"),
        "secret error" => Err(REFUSED.into()),
        "secret panic" => panic!("{REFUSED}"),
        name => Ok(greet(name).await),
    }
}

/// Makes the number of spans in the event, or one span of the event's number of bytes.
async fn many(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let spans = event.payload.as_u64().unwrap_or_default();
    (0..spans).for_each(|index| tracing::info_span!("step", index).in_scope(|| {}));
    if let Some(bytes) = event.payload["bytes"].as_u64() {
        tracing::info_span!("large", text = "x".repeat(bytes as usize)).in_scope(|| {});
    }
    Ok(event.payload)
}

#[instrument]
async fn greet(name: &str) -> String {
    format!("hello {name}")
}

#[handler]
async fn in_place(event: LambdaEvent<String>) -> Result<String, Error> {
    info!("FOREIGN greeting");
    match event.payload.as_str() {
        "error" => return Err("no such name".into()),
        "panic" => panic!("at the disco"),
        "secret error" => return Err(REFUSED.into()),
        "secret panic" => panic!("{REFUSED}"),
        _ => {}
    }
    Ok(greet(&event.payload).await)
}

/// Takes the event of an older version of the runtime.
#[handler]
async fn older(event: lambda_runtime_0_14::LambdaEvent<String>) -> Result<String, Error> {
    Ok(greet(&event.payload).await)
}

/// Takes no event of the runtime at all.
#[handler]
async fn hidden(name: String) -> Result<String, Error> {
    Ok(greet(&name).await)
}

async fn logging(event: LambdaEvent<Value>) -> Result<Value, Error> {
    info!("an event of the invocation");
    log::info!("a record of the invocation");
    Ok(event.payload)
}

/// An exporter that prints the number of spans.
#[derive(Debug)]
pub(crate) struct Stderr;

impl Export for Stderr {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        eprintln!("own exporter: {} spans", batch.count());
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Returns the telemetry of the programs with an exporter.
fn own_exporter() -> TelemetryBuilder {
    Telemetry::builder().exporter(Stderr)
}

mod telemetry {
    use super::*;

    #[handler(telemetry = own_exporter)]
    pub(super) async fn main(event: LambdaEvent<String>) -> Result<String, Error> {
        greeting(event).await
    }
}

mod telemetry_and_init {
    use super::*;

    #[handler(init = connect, telemetry = own_exporter)]
    pub(super) async fn main(event: LambdaEvent<String>, _hello: &String) -> Result<String, Error> {
        greeting(event).await
    }
}

mod telemetry_and_concurrent {
    use super::*;

    #[handler(telemetry = own_exporter, concurrent)]
    pub(super) async fn main(event: LambdaEvent<String>) -> Result<String, Error> {
        greeting(event).await
    }
}

async fn order(event: LambdaEvent<ApiGatewayV2httpRequest>) -> Result<ApiGatewayV2httpResponse, Error> {
    let path = event.payload.raw_path.unwrap_or_default();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = path.rsplit('/').next().unwrap_or_default().parse()?;
    Ok(response)
}

async fn by_itself(event: LambdaEvent<SqsEvent>) -> Result<usize, Error> {
    Ok(event.payload.records.len())
}

/// The text of an error that quotes a URL with credentials and a query.
pub(crate) const REFUSED: &str = "GET https://user:s3cr3t@partner.example/x?token=s3cr3t: refused";

#[instrument(err)]
async fn refuse() -> Result<String, Error> {
    Err(REFUSED.into())
}

#[instrument]
async fn connect() -> Result<String, Error> {
    Ok("hello".into())
}

/// Returns only once two invocations are in flight.
async fn meet(event: LambdaEvent<Value>) -> Result<String, Error> {
    static BOTH: std::sync::LazyLock<tokio::sync::Barrier> = std::sync::LazyLock::new(|| tokio::sync::Barrier::new(2));
    let name = event.payload.as_str().unwrap_or_default();
    if let Some(scope) = thundra_core::ScopeRef::current() {
        scope.set_attribute("x", name.to_owned());
    }
    greet(name).await;
    BOTH.wait().await;
    info!(name, "met");
    #[cfg(all(feature = "config", feature = "sqs"))]
    send(name).await;
    Ok(greet(name).await)
}

/// Sends a message to the queue beside the Runtime API.
#[cfg(all(feature = "config", feature = "sqs"))]
async fn send(body: &str) {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};

    let url = format!("http://{}", std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap());
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
        .build();
    thundra_aws::sqs::client(&config).send_message().queue_url("q").message_body(body).send().await.unwrap();
}
