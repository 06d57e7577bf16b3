//! A connection to a collector, or to a proxy.

use std::future::poll_fn;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use thundra_core::export::suppressed;
use tower_service::Service;

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Opens a connection to an address.
pub(super) async fn open<C>(connector: &C, address: &Uri) -> Result<SendRequest<Full<Bytes>>, Error>
where
    C: Service<Uri> + Clone,
    C::Response: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    C::Error: Into<Error>,
{
    let mut connector = connector.clone();
    poll_fn(|context| connector.poll_ready(context)).await.map_err(Into::into)?;
    let stream = connector.call(address.clone()).await.map_err(Into::into)?;
    let (sender, connection) = http1::handshake(stream).await?;
    // Errors of the connection are reported by the request.
    tokio::spawn(suppressed(async move { drop(connection.await) }));
    Ok(sender)
}
