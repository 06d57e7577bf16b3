//! A counter for each tenant of a function with tenant isolation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

type Counts = Arc<Mutex<HashMap<String, u64>>>;

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    let counts = Counts::default();
    thundra_aws::run(service_fn(move |event: LambdaEvent<Value>| count(Arc::clone(&counts), event.context))).await
}

async fn count(counts: Counts, context: Context) -> Result<Value, Error> {
    let tenant = context.tenant_id.ok_or("a call without a tenant")?;
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(tenant.clone()).or_default();
    *count += 1;
    Ok(json!({ "tenant": tenant, "calls": *count }))
}
