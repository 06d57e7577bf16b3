//! The availability zone of the environment, from Lambda's [metadata endpoint].
//!
//! [metadata endpoint]: https://docs.aws.amazon.com/lambda/latest/dg/configuration-metadata-endpoint.html

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use serde::Deserialize;
use thundra_core::Config;
use thundra_http::export::{exchange_directly, spawn_boxed};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::attributes::cut;
use crate::platform::InitializationType;

/// The longest wait for the endpoint, which responds in about a millisecond.
const LIMIT: Duration = Duration::from_secs(1);

/// `false` in a build without the feature `availability-zone`. The compiler then drops the request and the client.
const ASKS: bool = cfg!(feature = "availability-zone");

static ZONE: Mutex<Zone> = Mutex::new(Zone::Unasked);

/// The known state of the zone.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// No request was sent, because there is no endpoint.
    Unasked,
    /// The request was sent, but no response has come yet. Perhaps no response ever comes.
    Asked,
    /// The id of the zone, such as `use1-az1`.
    Known(Arc<str>),
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "AvailabilityZoneID")]
    availability_zone_id: String,
}

fn zone() -> MutexGuard<'static, Zone> {
    ZONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks for the zone, once, while the program initialises. A copy of a snapshot may be in another zone, so a program
/// with SnapStart asks after the restore.
pub(super) fn ask(config: &Config) {
    if let Zone::Unasked = current()
        && InitializationType::of(config.env()) != InitializationType::SnapStart
    {
        ask_now(config);
    }
}

/// Asks for the zone of an environment restored from a snapshot.
pub(super) fn ask_after_restore(config: &Config) {
    *zone() = Zone::Unasked;
    ask_now(config);
}

/// Asks in the background. Does nothing without the endpoint, or outside of a Tokio runtime.
fn ask_now(config: &Config) {
    if !ASKS || config.disabled {
        return;
    }
    let variable = |name| config.env().get(name);
    let endpoint = variable("AWS_LAMBDA_METADATA_API").zip(variable("AWS_LAMBDA_METADATA_TOKEN"));
    let (Some((address, token)), Ok(_)) = (endpoint, Handle::try_current()) else { return };
    *zone() = Zone::Asked;
    spawn_boxed(Box::pin(async move {
        // A missing zone is not reported on standard error.
        if let Ok(Some(id)) = timeout(LIMIT, fetch(&address, &token)).await {
            *zone() = Zone::Known(id);
        }
    }));
}

/// Returns the current state of the zone.
pub(super) fn current() -> Zone {
    zone().clone()
}

async fn fetch(address: &str, token: &str) -> Option<Arc<str>> {
    let request = Request::get(format!("http://{address}/2026-01-15/metadata/execution-environment"))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Bytes::new())
        .ok()?;
    let response = exchange_directly(request).await.ok().filter(|response| response.status() == StatusCode::OK)?;
    let metadata: Metadata = serde_json::from_slice(response.body()).ok()?;
    Some(cut(&metadata.availability_zone_id).into()).filter(|id: &Arc<str>| !id.is_empty())
}
