//! The deployed shop: five functions, topics, queues, streams, and the pricing service.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::harness::cloud::{Cloud, Code, Function, Mapping};
use crate::harness::executables::Executables;
use crate::harness::process::{self, Process};
use crate::harness::{Error, loopback, package, target};
use crate::orders::Order;

/// The time for the pricing service to come up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The seconds until a failed note is delivered again.
const REDELIVERY: u32 = 2;

/// The maximum number of records in a batch.
const BATCH: i32 = 10;

/// A running shop. Dropping the value ends the pricing service.
#[derive(Debug)]
pub struct Shop {
    url: String,
    http: reqwest::Client,
    /// The event source mapping of `shipping`.
    pub parcels: Mapping,
    /// The event source mapping of `notify`.
    pub notes: Mapping,
    _pricing: Process,
}

/// The shop's response to an order.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Shop {
    /// Deploys the shop. The programs send telemetry to `collector`. The log of the pricing service begins with `name`.
    ///
    /// # Errors
    ///
    /// If a resource cannot be created.
    pub async fn open(cloud: &Cloud, executables: &Executables, collector: &str, name: &str) -> Result<Self, Error> {
        let (pricing, pricing_url) = pricing(executables, collector, name).await?;
        let topic = cloud.create_topic("orders").await?;
        let stream = cloud.create_stream("parcels").await?;
        let queue = cloud.create_queue("notes", REDELIVERY).await?;

        let common = cloud.upload("pipeline.zip", package::bootstrap(&executables.pipeline)?).await?;
        let hello = cloud.upload("hello.zip", package::bootstrap(&executables.hello)?).await?;
        let environment = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.to_owned()),
            ("PRICING_URL", pricing_url),
            ("TOPIC_ARN", topic.clone()),
            ("STREAM_NAME", "parcels".to_owned()),
            ("QUEUE_URL", queue.url.clone()),
        ];
        let functions =
            [("orders", &common), ("billing", &common), ("shipping", &common), ("notify", &common), ("hello", &hello)];
        let [orders, billing, _, _, hello] = create(cloud, functions, &environment).await?;

        cloud.subscribe(&topic, &billing).await?;
        cloud.subscribe(&topic, &hello).await?;
        let parcels = cloud.map_stream(&stream, "shipping", BATCH).await?;
        let notes = cloud.map_queue(&queue, "notify", BATCH).await?;
        let url = cloud.create_http_api("shop", "POST /orders", &orders).await?;
        Ok(Self { url, http: loopback()?, parcels, notes, _pricing: pricing })
    }

    /// Sends an order.
    ///
    /// # Errors
    ///
    /// If there is no response, or the body is not JSON.
    pub async fn send(&self, order: &Order) -> Result<Answer, Error> {
        let request = self
            .http
            .post(format!("{}/orders", self.url))
            .header("content-type", "application/json")
            .header("x-correlation-id", order.correlation_id())
            .body(order.body().to_string());
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body =
            serde_json::from_str(&text).map_err(|_| format!("the answer to {} is {status} {text:?}", order.id()))?;
        Ok(Answer { status, body })
    }
}

/// Starts the pricing service, and returns the process with the URL.
async fn pricing(executables: &Executables, collector: &str, name: &str) -> Result<(Process, String), Error> {
    let address = format!("127.0.0.1:{}", process::free_port()?);
    let mut process = Process::start(
        Command::new(&executables.pipeline).args(["pricing", &address]),
        [("OTEL_SERVICE_NAME", "pricing"), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector)],
        &target::path("home")?,
        &target::path(&format!("{name}-pricing.log"))?,
    )?;
    let up = async || TcpStream::connect(&address).is_ok();
    process.ready(PATIENCE, up).await.map_err(|error| format!("the pricing service: {error}"))?;
    Ok((process, format!("http://{address}")))
}

/// Creates functions concurrently, because each takes half a second to become active. Returns the ARNs.
async fn create<const N: usize>(
    cloud: &Cloud,
    functions: [(&'static str, &Code); N],
    environment: &[(&'static str, String)],
) -> Result<[String; N], Error> {
    let mut created = JoinSet::new();
    for (index, (name, code)) in functions.into_iter().enumerate() {
        let (cloud, code, environment) = (cloud.clone(), code.clone(), environment.to_vec());
        created.spawn(async move {
            let function = Function { name, code: &code, environment: &environment };
            (index, cloud.create_function(&function).await)
        });
    }
    let mut arns = [const { String::new() }; N];
    while let Some(done) = created.join_next().await {
        let (index, arn) = done?;
        if let Some(slot) = arns.get_mut(index) {
            *slot = arn?;
        }
    }
    Ok(arns)
}
