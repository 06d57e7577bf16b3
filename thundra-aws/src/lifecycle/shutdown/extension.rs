//! An internal extension for no events. See the [Extensions API].
//!
//! [Extensions API]: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use lambda_runtime::Error;
use thundra_core::Env;
use thundra_http::export::{exchange_directly, spawn_boxed};
use tokio::time::timeout;

/// The name of the extension, unique in an environment.
const NAME: &str = "thundra-shutdown";

const IDENTIFIER: &str = "lambda-extension-identifier";

/// The longest wait for the registration, which takes about a millisecond.
const LIMIT: Duration = Duration::from_secs(1);

/// Registers the extension, and asks for the next event, because Lambda waits for both before the first invocation. The
/// response never comes.
pub(super) async fn register(env: &Env) -> Result<(), Error> {
    let address = env.get("AWS_LAMBDA_RUNTIME_API").ok_or("there is no Extensions API")?;
    let base = format!("http://{address}/2020-01-01/extension");
    let request = Request::post(format!("{base}/register"))
        .header("lambda-extension-name", NAME)
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from_static(br#"{"events":[]}"#))?;
    let response = timeout(LIMIT, exchange_directly(request)).await.map_err(|_| "the Extensions API is silent")??;
    let identifier = response.headers().get(IDENTIFIER).filter(|_| response.status().is_success());
    let Some(identifier) = identifier else {
        return Err(format!("the Extensions API refused the registration with {}", response.status()).into());
    };
    let next = Request::get(format!("{base}/event/next")).header(IDENTIFIER, identifier).body(Bytes::new())?;
    spawn_boxed(Box::pin(async move { drop(exchange_directly(next).await) }));
    Ok(())
}
