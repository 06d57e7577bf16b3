//! The exporter `xray`, and a daemon that reads its datagrams.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use thundra_core::export::{Batch, Export, ExportError, ExportErrorKind};
use thundra_core::{Config, Env, Records, Resource, Scope, Signal};
use thundra_http::export::{Platform, XRayDaemonAddress, XRayExporter, exporters};

/// A socket in place of the daemon.
struct Daemon {
    socket: UdpSocket,
}

/// A datagram, opened.
struct Datagram {
    bytes: usize,
    prefix: String,
    resource: Vec<String>,
    spans: Vec<Span>,
}

impl Daemon {
    fn start(address: &str) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        Daemon { socket }
    }

    fn address(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }

    /// Reads datagrams, until none comes any more.
    fn datagrams(&self) -> Vec<Datagram> {
        self.datagrams_until(|| true)
    }

    /// Reads datagrams, until none comes any more once the export is over, and opens them afterwards. The kernel keeps
    /// about three of the longest, and drops what comes while nobody reads.
    fn datagrams_until(&self, is_over: impl Fn() -> bool) -> Vec<Datagram> {
        let (mut buffer, mut received) = (vec![0; 1 << 16], Vec::new());
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(bytes) => received.push(buffer[..bytes].to_vec()),
                Err(_) if is_over() => return received.iter().map(|bytes| Datagram::open(bytes)).collect(),
                // The exporter may be slow to begin, and between two datagrams.
                Err(_) => {}
            }
        }
    }
}

impl Datagram {
    fn open(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (prefix, data) = text.strip_prefix("{\"format\":\"json\",\"version\":1}\n").unwrap().split_at(3);
        let mut request = ExportTraceServiceRequest::decode(&*BASE64_STANDARD.decode(data).unwrap()).unwrap();
        assert_eq!(request.resource_spans.len(), 1);
        let mut spans = request.resource_spans.remove(0);
        let resource = spans.resource.unwrap().attributes.into_iter().map(|attribute| attribute.key).collect();
        let bytes = bytes.len();
        Datagram { bytes, prefix: prefix.to_owned(), resource, spans: spans.scope_spans.remove(0).spans }
    }
}

fn exporter(address: &str) -> XRayExporter {
    XRayExporter::new(address.parse().unwrap())
}

fn batch(spans: impl IntoIterator<Item = usize>) -> Batch {
    let mut records = Records::default();
    for bytes in spans {
        records.append(Scope::builder("work").attribute("text", "x".repeat(bytes)).begin().finish()).unwrap();
    }
    Batch::new(Arc::new(Resource::new([("service.name".to_owned(), "orders".into())])), records)
}

async fn export(exporter: &dyn Export, batch: &Batch) -> Result<(), ExportError> {
    exporter.export(batch, Instant::now() + Duration::from_secs(5)).await
}

#[tokio::test]
async fn spans_arrive_as_the_daemon_takes_them() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let daemon = Daemon::start(address);
        let exporter = exporter(&daemon.address());
        let batch = batch([10, 10]);
        export(&exporter, &batch).await.unwrap();
        export(&exporter, &batch).await.unwrap();
        let datagrams = daemon.datagrams();
        assert_eq!(datagrams.len(), 2, "{address}");
        for datagram in datagrams {
            assert_eq!((datagram.prefix.as_str(), datagram.resource[0].as_str()), ("T1S", "service.name"));
            assert_eq!(datagram.spans.iter().map(|span| &span.name).collect::<Vec<_>>(), ["work", "work"]);
            assert!(datagram.spans.iter().all(|span| span.flags & 1 == 1));
        }
    }
    assert!(exporter("localhost:2000").follows_xray());
    assert_eq!(Signal::ALL.map(|signal| exporter("localhost:2000").takes(signal)), [true, false, false]);
}

#[tokio::test]
async fn a_name_of_a_daemon_is_looked_up() {
    let daemon = Daemon::start("127.0.0.1:0");
    let port = daemon.socket.local_addr().unwrap().port();
    export(&exporter(&format!("tcp:127.0.0.1:1 udp:localhost:{port}")), &batch([10])).await.unwrap();
    assert_eq!(daemon.datagrams().len(), 1);
    let error = export(&exporter("nowhere.invalid:2000"), &batch([10])).await.unwrap_err();
    assert_eq!(error.kind(), ExportErrorKind::Retryable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_spans_arrive_and_the_oversized_one_is_counted() {
    let daemon = Daemon::start("127.0.0.1:0");
    let exporter = exporter(&daemon.address());
    let (exporting, exported) = std::sync::mpsc::channel::<()>();
    let is_over = move || exported.try_recv() == Err(TryRecvError::Disconnected);
    let reader = std::thread::spawn(move || daemon.datagrams_until(is_over));
    let sizes = (0..10_000).map(|n| if n == 7_000 { 100_000 } else { n % 300 });
    let error = export(&exporter, &batch(sizes)).await.unwrap_err();
    drop(exporting);
    assert!(matches!(error.kind(), ExportErrorKind::Partial { lost: 1, .. }), "{error:?}");
    let datagrams = reader.join().unwrap();
    assert_eq!(datagrams.iter().map(|datagram| datagram.spans.len()).sum::<usize>(), 9_999);
    assert!(datagrams.iter().all(|datagram| datagram.bytes <= 65_507 && datagram.prefix == "T1S"));
    assert!(datagrams.len() < 80, "{} datagrams: they are not full", datagrams.len());
    let ids: std::collections::HashSet<_> =
        datagrams.iter().flat_map(|datagram| &datagram.spans).map(|span| span.span_id.clone()).collect();
    assert_eq!(ids.len(), 9_999);
}

#[tokio::test]
async fn a_batch_waits_for_a_daemon_that_is_not_there() {
    let daemon = Daemon::start("127.0.0.1:0");
    let address = daemon.address();
    let exporter = exporter(&address);
    let batch = batch([40_000, 40_000, 40_000]);
    export(&exporter, &batch).await.unwrap();
    assert_eq!(daemon.datagrams().len(), 3);
    drop(daemon);
    for _ in 0..3 {
        let error = export(&exporter, &batch).await.unwrap_err();
        assert_eq!(error.kind(), ExportErrorKind::Retryable);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, format!("the X-Ray daemon at {address} cannot be reached"));
    }
    let daemon = Daemon::start(&address);
    export(&exporter, &batch).await.unwrap();
    assert_eq!(daemon.datagrams().len(), 3);
}

#[tokio::test]
async fn no_time_is_no_datagram() {
    let daemon = Daemon::start("127.0.0.1:0");
    let error = exporter(&daemon.address()).export(&batch([10]), Instant::now()).await.unwrap_err();
    assert_eq!((error.kind(), daemon.datagrams().len()), (ExportErrorKind::Retryable, 0));
}

#[tokio::test]
async fn the_environment_names_the_daemon() {
    let daemon = Daemon::start("127.0.0.1:0");
    let (address, port) = (daemon.address(), daemon.socket.local_addr().unwrap().port().to_string());
    let name = ("OTEL_TRACES_EXPORTER", "xray");
    for variables in [
        &[name, ("AWS_XRAY_DAEMON_ADDRESS", address.as_str())][..],
        &[name, ("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1"), ("_AWS_XRAY_DAEMON_PORT", port.as_str())],
    ] {
        let config = Config::from_env(&Env::from_pairs(variables.iter().copied()));
        for platform in [Platform::Lambda, Platform::Process] {
            let exporters = exporters(&config, platform);
            assert_eq!(exporters.len(), 1);
            export(&*exporters[0], &batch([10])).await.unwrap();
        }
        assert_eq!(daemon.datagrams().len(), 2);
    }
    assert_eq!(XRayDaemonAddress::default().to_string(), "127.0.0.1:2000");
}
