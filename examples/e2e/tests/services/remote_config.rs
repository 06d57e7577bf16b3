//! Settings without a redeploy, from SSM Parameter Store on both emulators.

use std::time::Duration;

use serde_json::json;
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::moto::Moto;

use crate::function::Function;
use crate::secrets::{call, variables};
use crate::soon;

const VERSION: &str = "thundra.config.version";
const REASON: &str = "thundra.keep.reason";

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_from_ministack() {
    let ministack = MiniStack::start("test-settings-ministack").await.unwrap();
    read_from("test-settings-ministack", &ministack.endpoint()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_from_moto() {
    let moto = Moto::start("test-settings-moto").await.unwrap();
    read_from("test-settings-moto", &moto.endpoint()).await;
}

async fn read_from(name: &str, endpoint: &str) {
    put(endpoint, "OTEL_TRACES_SAMPLER=always_off\nTHUNDRA_KEEP=slow:0").await;
    let variables = variables(endpoint);
    let variables = variables.iter().map(|(name, value)| (*name, value.as_str()));
    let config = ("THUNDRA_CONFIG", "ssm:/orders/telemetry?every=1s");
    let function = Function::start_with(name, &variables.chain([config]).collect::<Vec<_>>()).await;
    let root_with = async |key: &str, value: &str| {
        soon(&format!("{key}={value}"), async || {
            function.respond(&json!({ "order": 1 })).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            function.received().into_iter().rfind(|span| span.attributes.get(key).is_some_and(|found| found == value))
        })
        .await
    };
    let kept = root_with(VERSION, "1").await;
    assert!(kept.attributes.get(REASON).is_some_and(|reason| reason.contains("slow")), "{kept:?}");
    put(endpoint, r#"{ "OTEL_TRACES_SAMPLER": "always_on" }"#).await;
    let sampled = root_with(VERSION, "2").await;
    assert_eq!(sampled.attributes.get(REASON), None, "{sampled:?}");
}

/// Puts a new version of the document.
async fn put(endpoint: &str, document: &str) {
    let parameter =
        json!({ "Name": "/orders/telemetry", "Value": document, "Type": "SecureString", "Overwrite": true });
    call(endpoint, "AmazonSSM.PutParameter", "ssm", &parameter).await;
}
