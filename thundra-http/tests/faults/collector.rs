//! An OTLP/HTTP collector on raw sockets, with a scripted response for each request.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};

use crate::account::{Arrived, Ledger, unpack};
use crate::reply::{ALL, How, Reply};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// A stored request, encoded. The account decodes the request.
struct Taken {
    packed: bool,
    json: bool,
    body: Vec<u8>,
    refused: usize,
    confirmed: bool,
}

struct State {
    script: Mutex<VecDeque<Reply>>,
    standing: Mutex<Reply>,
    /// Larger requests get a 413.
    most_bytes: AtomicUsize,
    /// The size of each request.
    attempts: Mutex<Vec<usize>>,
    /// Stored requests, not in the ledger yet. No request waits for the account.
    taken: Mutex<Vec<Taken>>,
    ledger: Mutex<Ledger>,
    /// Connections of earlier ages are swallowed.
    age: AtomicU64,
    /// `true` if responses count as received, even after the client closed the connection.
    impatient: AtomicBool,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// A collector that listens on loopback.
pub(crate) struct Collector {
    address: SocketAddr,
    state: Arc<State>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Collector {
    /// Starts a collector with a reply for all requests without a script.
    pub(crate) fn start(standing: Reply) -> Self {
        let narrow = standing.how == How::ReadSlowly;
        let state = Arc::new(State {
            script: Mutex::default(),
            standing: Mutex::new(standing),
            most_bytes: AtomicUsize::new(usize::MAX),
            attempts: Mutex::default(),
            taken: Mutex::default(),
            ledger: Mutex::default(),
            age: AtomicU64::new(0),
            impatient: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        });
        let listener = bind("127.0.0.1:0".parse().unwrap(), narrow);
        let collector = Collector { address: listener.local_addr().unwrap(), state, listening: Mutex::new(None) };
        collector.listen(listener);
        collector
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the replies to the next requests.
    pub(crate) fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.script.lock().unwrap().extend(replies);
    }

    /// Sets the reply to all later requests.
    pub(crate) fn always(&self, reply: Reply) {
        self.state.script.lock().unwrap().clear();
        *self.state.standing.lock().unwrap() = reply;
    }

    /// Responds 413 to larger requests.
    pub(crate) fn take_at_most(&self, bytes: usize) {
        self.state.most_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Allows clients to close a connection before the response, and to send again.
    pub(crate) fn allow_repeats(&self) {
        self.state.impatient.store(true, Ordering::Relaxed);
    }

    /// Stops listening and closes all connections.
    pub(crate) fn leave(&self) {
        if let Some(task) = self.listening.lock().unwrap().take() {
            task.abort();
            let _ = RUNTIME.block_on(task);
        }
    }

    /// Listens again, at the same address.
    pub(crate) fn come_back(&self) {
        self.listen(bind(self.address, false));
    }

    /// Drops all bytes on open connections without closing the connections.
    pub(crate) fn swallow(&self) {
        self.state.age.fetch_add(1, Ordering::Relaxed);
    }

    /// The sizes of all requests so far.
    pub(crate) fn attempts(&self) -> Vec<usize> {
        self.state.attempts.lock().unwrap().clone()
    }

    /// Returns the greatest number of concurrent requests since the last call.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.state.most_in_flight.swap(self.state.in_flight.load(Ordering::Relaxed), Ordering::Relaxed)
    }

    /// Returns the account of all requests so far.
    pub(crate) fn arrived(&self) -> Arrived {
        let mut ledger = self.state.ledger.lock().unwrap();
        let taken = std::mem::take(&mut *self.state.taken.lock().unwrap());
        for taken in taken {
            let body = if taken.packed { unpack(&taken.body) } else { taken.body };
            let request: ExportTraceServiceRequest = if taken.json {
                serde_json::from_slice(&body).unwrap()
            } else {
                ExportTraceServiceRequest::decode(body.as_slice()).unwrap()
            };
            ledger.add(&request, taken.refused, taken.confirmed);
        }
        ledger.arrived()
    }

    fn listen(&self, listener: std::net::TcpListener) {
        let state = self.state.clone();
        let task = RUNTIME.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let age = state.age.load(Ordering::Relaxed);
                connections.spawn(serve(state.clone(), stream, age));
            }
        });
        *self.listening.lock().unwrap() = Some(task);
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(task) = self.listening.lock().unwrap().take() {
            task.abort();
        }
    }
}

/// An address at which the kernel alone accepts connections, until its queue is full.
pub(crate) struct Deaf {
    pub(crate) url: String,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Deaf {
    /// Never accepts. With a full queue a client cannot even connect.
    pub(crate) fn start(full: bool) -> Self {
        RUNTIME.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(if full { 1 } else { 1024 }).unwrap();
            let address = listener.local_addr().unwrap();
            let mut queue = Vec::new();
            // A full queue: the kernel does not even acknowledge further connections.
            for _ in 0..if full { 8 } else { 0 } {
                let connect = TcpStream::connect(address);
                let Ok(connected) = tokio::time::timeout(Duration::from_millis(300), connect).await else { break };
                queue.push(connected.unwrap());
            }
            Deaf { url: format!("http://{address}"), _listener: listener, _queue: queue }
        })
    }
}

/// An address without a listener.
pub(crate) fn nobody() -> String {
    format!("http://{}", bind("127.0.0.1:0".parse().unwrap(), false).local_addr().unwrap())
}

/// Binds an address. Another process may hold the address for a moment after the release.
fn bind(address: SocketAddr, narrow: bool) -> std::net::TcpListener {
    let _runtime = RUNTIME.enter();
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        if narrow {
            // A client that sends a large request has to wait for the reader.
            socket.set_recv_buffer_size(4 << 10)?;
        }
        socket.bind(address)?;
        socket.listen(1024)?.into_std()
    };
    for _ in 0..100 {
        match bind() {
            Ok(listener) => return listener,
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    bind().unwrap()
}

async fn serve(state: Arc<State>, mut stream: TcpStream, age: u64) {
    let mut bytes = Vec::new();
    while let Some(head) = head(&mut stream, &mut bytes).await {
        if state.age.load(Ordering::Relaxed) != age {
            // Nothing is read and nothing is closed.
            std::future::pending::<()>().await;
        }
        let _counted = InFlight::count(&state);
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let length: usize = header("content-length").unwrap().trim().parse().unwrap();
        state.attempts.lock().unwrap().push(length);
        let reply = state.reply(length);
        if header("expect").is_some_and(|value| value.contains("100-continue"))
            && stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_err()
        {
            return;
        }
        if reply.how == How::ResetInstead {
            let _ = body(&mut stream, &mut bytes, length / 2, false).await;
            stream.set_zero_linger().unwrap();
            return;
        }
        let Some(body) = body(&mut stream, &mut bytes, length, reply.how == How::ReadSlowly).await else { return };
        if reply.refuses != ALL {
            let taken = Taken {
                packed: header("content-encoding").is_some_and(|value| value.trim() == "gzip"),
                json: header("content-type").is_some_and(|value| value.contains("json")),
                body,
                refused: reply.refuses,
                confirmed: reply.is_readable() && !state.impatient.load(Ordering::Relaxed),
            };
            state.taken.lock().unwrap().push(taken);
        }
        tokio::time::sleep(reply.delay).await;
        if matches!(stream.try_read(&mut [0]), Ok(0)) && !state.impatient.load(Ordering::Relaxed) {
            println!("a client went before the response to its request of {length} bytes");
        }
        if respond(&mut stream, &reply).await.is_none() {
            return;
        }
    }
}

/// Writes the response; `None` where the connection ends with it.
async fn respond(stream: &mut TcpStream, reply: &Reply) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
    reply.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    match reply.how {
        How::Never => {
            until_the_client_goes(stream).await;
            None
        }
        How::CloseInstead | How::ResetInstead => None,
        How::NoHttp => {
            stream.write_all(b"SSH-2.0-Scripted\r\n").await.ok()?;
            None
        }
        How::BrokenOff => {
            stream.write_all(format!("{head}content-length: 1000\r\n\r\nbroken").as_bytes()).await.ok()?;
            None
        }
        How::Endless | How::Dripping => {
            stream.write_all(format!("{head}\r\n").as_bytes()).await.ok()?;
            let (bytes, pause) = if reply.how == How::Dripping { (1, 100) } else { (4096, 1) };
            loop {
                stream.write_all(&vec![b'x'; bytes]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
        How::HeadOnly => {
            stream.write_all(format!("{head}content-length: 10\r\n\r\n").as_bytes()).await.ok()?;
            until_the_client_goes(stream).await;
            None
        }
        How::Whole | How::ReadSlowly | How::AfterContinue | How::ThenClose => {
            if reply.how == How::AfterContinue {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
            }
            head.push_str(&format!("content-length: {}\r\n\r\n", reply.body.len()));
            stream.write_all(&[head.as_bytes(), &reply.body].concat()).await.ok()?;
            let closes = reply.how == How::ThenClose || reply.headers.iter().any(|(name, _)| *name == "connection");
            (!closes).then_some(())
        }
    }
}

async fn until_the_client_goes(stream: &mut TcpStream) {
    let mut nothing = [0; 1024];
    while stream.read(&mut nothing).await.is_ok_and(|count| count > 0) {}
}

impl State {
    fn reply(&self, bytes: usize) -> Reply {
        if bytes > self.most_bytes.load(Ordering::Relaxed) {
            return Reply::status(413);
        }
        let scripted = self.script.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| self.standing.lock().unwrap().clone())
    }
}

/// Counts a request until the end of the response.
struct InFlight<'a>(&'a State);

impl<'a> InFlight<'a> {
    fn count(state: &'a State) -> Self {
        let now = state.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        state.most_in_flight.fetch_max(now, Ordering::Relaxed);
        InFlight(state)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The next head, in lower case; `None` where the connection ends. Bytes behind the head stay in `bytes`.
async fn head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = std::mem::replace(bytes, rest);
            return Some(String::from_utf8(head).unwrap().to_ascii_lowercase());
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// The body; `None` where the connection ends early.
async fn body(stream: &mut TcpStream, bytes: &mut Vec<u8>, length: usize, slowly: bool) -> Option<Vec<u8>> {
    while bytes.len() < length {
        if slowly {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let mut some = [0; 1024];
            let count = stream.read(&mut some).await.ok().filter(|count| *count > 0)?;
            bytes.extend_from_slice(&some[..count]);
        } else if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
    let rest = bytes.split_off(length);
    Some(std::mem::replace(bytes, rest))
}
