//! Scopes of a program, inside of an invocation.

use serde_json::json;
use thundra_aws::{Error, LambdaEvent, correlation, scope, service_fn};

use crate::peers::{Lambda, Seen};

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(thundra_aws::run(service_fn(handle))).unwrap();
}

/// Works in two steps. Returns the last id of the order.
async fn handle(_: LambdaEvent<String>) -> Result<Option<String>, Error> {
    correlation::set("order", "o-9");
    let step = async {
        assert_eq!(correlation::get("order").as_deref(), Some("o-9"));
        correlation::set("order", "o-10");
        tracing::info_span!("inside").in_scope(|| Err::<(), _>("refused"))
    };
    assert_eq!(scope("step", step).await, Err("refused"));
    Ok(correlation::get("order"))
}

#[tokio::test]
async fn a_step_belongs_to_its_invocation_whatever_the_environment_says() {
    let starter = ("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let lambda = Lambda::start("scopes", &[starter]).await;
    assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("o-9"));
    let (seen, _) = lambda.stop().await;
    let exports: Vec<Vec<_>> = seen.iter().map(Seen::spans).filter(|spans| !spans.is_empty()).collect();
    let [spans] = exports.as_slice() else { panic!("{exports:?}") };
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{spans:?}"));
    let [invocation, step, inside] = ["scopes", "step", "inside"].map(named);
    assert_ne!(invocation.parent, "b7ad6b7169203331");
    assert_eq!([&step.parent, &inside.parent], [&invocation.id, &step.id]);
    assert_eq!((step.status.as_deref(), invocation.status.as_deref()), (Some("refused"), None));
}
