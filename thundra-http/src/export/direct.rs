//! Requests to servers beside the process, for example to the APIs of a Lambda environment.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use thundra_core::export::suppressed;

use super::connection::{Connection, Error};
use super::resolver::{Http, Resolver};

/// The limit of a response's body.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Sends a request over plain HTTP, on a separate connection and past all proxies. The response may take any time. The
/// caller sets the limit.
///
/// # Errors
///
/// The reason for a missing or broken response.
#[doc(hidden)]
// A box, because the compiler would give each crate that awaits it a copy of the client.
pub fn exchange_directly(
    request: Request<Bytes>,
) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send>> {
    Box::pin(suppressed(exchange(request)))
}

async fn exchange(mut request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
    let address = request.uri().clone();
    if let Some(authority) = address.authority() {
        request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    }
    *request.uri_mut() = address.path_and_query().map_or_else(Uri::default, |target| target.clone().into());
    let mut connection = Connection::open(&Http::new_with_resolver(Resolver), &address).await?;
    let (head, body) = connection.send(|| request.map(Full::new)).await?.into_parts();
    let body = connection.work_while(Limited::new(body, MAX_RESPONSE_BYTES).collect()).await?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
