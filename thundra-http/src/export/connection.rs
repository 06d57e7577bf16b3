//! A connection to a collector, or to a proxy.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use tower_service::Service;

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

/// An open connection. The connection works only while its owner waits for a response, and in the task of the owner. A
/// task of its own would cost switches of threads for each request. An idle connection has no work.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    work: Work,
}

/// The work of a connection; `None` after its end. Errors are reported by the requests.
type Work = Option<Pin<Box<dyn Future<Output = ()> + Send>>>;

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl Connection {
    /// Opens a connection to an address.
    pub(super) async fn open<C>(connector: &C, address: &Uri) -> Result<Self, Error>
    where
        C: Service<Uri> + Clone,
        C::Response: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
        C::Error: Into<Error>,
    {
        let mut connector = connector.clone();
        poll_fn(|context| connector.poll_ready(context)).await.map_err(Into::into)?;
        let stream = connector.call(address.clone()).await.map_err(Into::into)?;
        let (sender, connection) = http1::handshake(stream).await?;
        Ok(Connection { sender, work: Some(Box::pin(async move { drop(connection.await) })) })
    }

    /// Returns `true` for a connection known to be closed.
    pub(super) fn is_closed(&self) -> bool {
        self.work.is_none() || self.sender.is_closed()
    }

    /// Sends a request, and returns the head of the response. The connection has to work [while](Self::work_while) the
    /// body is read.
    ///
    /// The request is made where it is sent: each future around would keep room for a request.
    pub(super) async fn send(
        &mut self,
        request: impl FnOnce() -> Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let Connection { sender, work } = self;
        let response = pin!(async {
            sender.ready().await?;
            sender.send_request(request()).await
        });
        drive(work, response).await
    }

    /// Works until a future is ready.
    pub(super) async fn work_while<F: Future>(&mut self, future: F) -> F::Output {
        drive(&mut self.work, pin!(future)).await
    }
}

/// Works until a future is ready.
async fn drive<F: Future>(work: &mut Work, mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|context| {
        // Before the work, the future may hand over a request, and after the work, take a response.
        match future.as_mut().poll(context) {
            Poll::Pending => {
                advance(work, context);
                future.as_mut().poll(context)
            }
            ready => ready,
        }
    })
    .await
}

fn advance(work: &mut Work, context: &mut Context<'_>) {
    if work.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
        *work = None;
    }
}
