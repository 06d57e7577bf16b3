//! A connection to a collector, or to a proxy.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::task::coop::unconstrained;
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

/// Works until a future is ready. The future waits for the work alone.
///
/// The work and the future wake each other for each message between them, and each wake costs the task a poll without
/// anything to do. The task's waker is therefore known to the work only where the task has to wait, and never to the
/// future, which is polled after the work anyway. The last poll leaves no waker of the task, so the next request wakes
/// nobody either.
async fn drive<F: Future>(work: &mut Work, future: Pin<&mut F>) -> F::Output {
    // With its budget used up, a future of Tokio would ask the waker for another poll, and nobody would hear.
    let mut future = pin!(unconstrained(future));
    let mut has_waited = false;
    poll_fn(|context| {
        let quiet = &mut Context::from_waker(Waker::noop());
        // At first there is a request to hand over, later a response to receive.
        if std::mem::replace(&mut has_waited, true) {
            advance(work, quiet);
        }
        if let Poll::Ready(output) = future.as_mut().poll(quiet) {
            return Poll::Ready(output);
        }
        advance(work, context);
        future.as_mut().poll(quiet)
    })
    .await
}

fn advance(work: &mut Work, context: &mut Context<'_>) {
    if work.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
        *work = None;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::{Receiver, channel};
    use std::task::Wake;
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::task::coop::{consume_budget, has_budget_remaining};
    use tokio::time::timeout;

    use super::*;
    use crate::export::resolver::{Http, Resolver};

    /// The number of wakes.
    #[derive(Default)]
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers a request for each message, and returns the address.
    fn server(answers: Receiver<()>) -> Uri {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for () in answers {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.extend(byte);
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_used_up_budget_delays_no_response() {
        let (answer, response) = oneshot::channel();
        let mut answer = Some(answer);
        let mut work: Work = Some(Box::pin(poll_fn(move |context| {
            while has_budget_remaining() {
                let _ = pin!(consume_budget()).poll(context);
            }
            answer.take().into_iter().for_each(|answer| answer.send("response").unwrap());
            Poll::Pending
        })));
        let response = timeout(Duration::from_secs(60), drive(&mut work, pin!(response))).await;
        assert_eq!(response.unwrap(), Ok("response"));
    }

    #[tokio::test]
    async fn the_task_is_woken_for_the_response_alone() {
        let (answer, answers) = channel();
        let address = server(answers);
        let mut connection = Connection::open(&Http::new_with_resolver(Resolver), &address).await.unwrap();
        let request = || Request::builder().uri("/").header("host", "a").body(Full::default()).unwrap();
        answer.send(()).unwrap();
        connection.send(request).await.unwrap();
        let wakes = Arc::new(Wakes::default());
        let waker = wakes.clone().into();
        let count = || wakes.0.load(Ordering::Relaxed);
        let mut response = pin!(connection.send(request));
        assert!(response.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(count(), 0, "the request is on its way");
        answer.send(()).unwrap();
        while count() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(response.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
        assert_eq!(count(), 1, "the response is taken");
    }
}
