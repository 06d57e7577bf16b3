//! Programs with changing settings.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use thundra_aws::{RemoteConfig, Settings};
use thundra_core::{Config, Env, Sampler, Scope, Telemetry};
use tracing_subscriber::prelude::*;

pub(crate) fn run(program: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    match program {
        "remote_beside" => {
            tracing_subscriber::registry().with(thundra_core::layer()).with(thundra_core::log::layer()).init();
            runtime.block_on(thundra_aws::run(service_fn(work))).unwrap();
        }
        "remote_layers" => {
            let telemetry = Telemetry::builder().layer(tracing_subscriber::layer::Identity::new());
            runtime.block_on(thundra_aws::run_with(telemetry, service_fn(work))).unwrap();
        }
        "remote_in_code" => {
            let mut config = Config::from_env(&Env::process());
            config.sampler = Sampler::ratio(1.0);
            let mut settings = Settings::from_env(&Env::process());
            settings.remote_config = Some(RemoteConfig::ssm("/orders/telemetry").every(Duration::from_secs(1)));
            let telemetry = Telemetry::builder().config(config).settings(settings);
            runtime.block_on(thundra_aws::run_with(telemetry, service_fn(work))).unwrap();
        }
        "remote_in_place" => runtime.block_on(lambda_runtime::run(service_fn(in_place))).unwrap(),
        "remote_concurrent" => runtime.block_on(thundra_aws::run_concurrent(service_fn(work))).unwrap(),
        "remote_worker" => {
            let _telemetry = thundra_aws::init();
            while thundra_core::config().keep.is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
            let job = Scope::builder("job").begin();
            job.enter(|| tracing::info!("an order"));
            thundra_core::export_later(job.finish());
        }
        "remote_client" => runtime.block_on(thundra_aws::run(service_fn(call_ssm))).unwrap(),
        _ => runtime.block_on(thundra_aws::run(service_fn(work))).unwrap(),
    }
}

/// Calls SSM with a client of the program, once a document was read.
async fn call_ssm(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if thundra_core::config().keep.is_some() {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        aws_sdk_ssm::Client::new(&config).get_parameter().name("/orders/limits").with_decryption(true).send().await?;
        tracing::info!("called");
    }
    Ok(event.payload)
}

#[thundra_aws::handler]
async fn in_place(event: LambdaEvent<Value>) -> Result<Value, Error> {
    work(event).await
}

async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    tracing::debug_span!("detail").in_scope(|| tracing::debug!("a detail"));
    tracing::info!(monotonic_counter.orders = 1, "an order");
    if event.payload == "fail" { Err("as asked".into()) } else { Ok(event.payload) }
}
