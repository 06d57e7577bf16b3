//! An OTLP/HTTP collector with faults, on raw sockets.
//!
//! Spans are stored only with an accepted request. Each span is therefore either stored, or known to the sender as not
//! delivered.
//!
//! | module | holds |
//! |---|---|
//! | [`fault`] | faults of a collector |
//! | `http` | HTTP requests, and responses according to the fault |
//! | `identity` | certificates, good and bad |
//! | [`ledger`] | the received spans, and the reported losses |

pub mod fault;
mod http;
mod identity;
pub mod ledger;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use self::fault::Fault;
use self::identity::Identity;
use self::ledger::{Arrived, Ledger};
use super::Error;
use crate::report::Span;

/// A collector on a loopback port. Dropping the value closes the port.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    identity: Option<Identity>,
    state: Arc<State>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct State {
    fault: Mutex<Fault>,
    ledger: Mutex<Ledger>,
    /// Accepted requests before the ledger decodes them, so that no client waits for the account.
    taken: Mutex<Vec<(http::Request, usize)>>,
    requests: watch::Sender<usize>,
}

impl Collector {
    /// Starts a collector without a fault.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn start() -> Result<Self, Error> {
        Self::listening(None).await
    }

    /// Starts a collector with TLS. Writes the certificate of the authority to a file.
    ///
    /// # Errors
    ///
    /// If no port can be opened, or the certificates cannot be made.
    pub async fn start_tls(authority: &Path) -> Result<Self, Error> {
        Self::listening(Some(Identity::new(authority)?)).await
    }

    async fn listening(identity: Option<Identity>) -> Result<Self, Error> {
        let state = Arc::new(State {
            fault: Mutex::new(Fault::None),
            ledger: Mutex::default(),
            taken: Mutex::default(),
            requests: watch::Sender::new(0),
        });
        let listener = listen("127.0.0.1:0".parse()?).await?;
        let collector = Self { address: listener.local_addr()?, identity, state, listening: Mutex::new(None) };
        collector.accept(listener);
        Ok(collector)
    }

    /// Returns the value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let scheme = if self.identity.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    /// Sets the fault of all later requests. [`Fault::Refusing`], and any call on a collector with TLS, closes open
    /// connections.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened again.
    pub async fn set(&self, fault: Fault) -> Result<(), Error> {
        *lock(&self.state.fault) = fault;
        let listening = lock(&self.listening).take();
        match listening {
            Some(task) if fault == Fault::Refusing || self.identity.is_some() => {
                task.abort();
                let _ = task.await;
            }
            listening => *lock(&self.listening) = listening,
        }
        if fault != Fault::Refusing && lock(&self.listening).is_none() {
            self.accept(listen(self.address).await?);
        }
        Ok(())
    }

    /// Returns the sums over all received spans.
    #[must_use]
    pub fn arrived(&self) -> Arrived {
        self.state.ledger().arrived()
    }

    /// Returns a copy of the ledger, to which the caller can add the spans of other receivers.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.state.ledger().clone()
    }

    /// Returns the received spans, in order.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.state.ledger().spans()
    }

    /// Forgets the received spans but not the ids, which bounds the memory of a long run.
    pub fn forget_spans(&self) {
        self.state.ledger().forget_spans();
    }

    /// Returns the number of requests, including refused requests.
    #[must_use]
    pub fn requests(&self) -> usize {
        *self.state.requests.borrow()
    }

    /// Waits until the spans are as expected. Returns `false` after `patience`.
    pub async fn wait_until(&self, patience: Duration, mut expected: impl FnMut(&[Span]) -> bool) -> bool {
        let mut requests = self.state.requests.subscribe();
        let waiting = async {
            loop {
                requests.mark_unchanged();
                if expected(&self.spans()) || requests.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(patience, waiting).await.is_ok()
    }

    fn accept(&self, listener: TcpListener) {
        let state = Arc::clone(&self.state);
        let tls = self.identity.as_ref().map(|identity| identity.acceptor(*lock(&self.state.fault)));
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(Arc::clone(&state), stream, tls.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        *lock(&self.listening) = Some(task);
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.listening).take() {
            task.abort();
        }
    }
}

async fn serve(state: Arc<State>, stream: TcpStream, tls: Option<TlsAcceptor>) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => http::serve(&state, stream).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                http::serve(&state, stream).await;
            }
        }
    }
}

impl State {
    fn fault(&self) -> Fault {
        *lock(&self.fault)
    }

    fn count_request(&self) -> usize {
        self.requests.send_modify(|count| *count += 1);
        *self.requests.borrow()
    }

    /// Takes a request without the first `refused` spans.
    fn take(&self, request: http::Request, refused: usize) {
        lock(&self.taken).push((request, refused));
    }

    /// Notifies all waiters for spans.
    fn tell(&self) {
        self.requests.send_modify(|_| {});
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        let mut ledger = lock(&self.ledger);
        for (request, refused) in std::mem::take(&mut *lock(&self.taken)) {
            if let Some(request) = request.decode() {
                ledger.add(request, refused);
            }
        }
        ledger
    }
}

/// Listens at an address. Another process may hold the address for a moment after the release.
async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let mut tries = 50;
    loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        let listener = socket.bind(address).and_then(|()| socket.listen(1024));
        tries -= 1;
        match listener {
            Err(_) if tries > 0 => tokio::time::sleep(Duration::from_millis(20)).await,
            listener => return Ok(listener?),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
