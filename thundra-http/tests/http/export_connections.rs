//! The connections of the exporter: addresses, and connections that ended unnoticed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::exporting::{Heads, OK, answer, collector, export, exporter, read_request};

#[tokio::test]
async fn an_ipv6_address_is_connected_to() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        eprintln!("skipped: no IPv6 on this machine");
        return;
    };
    let address = listener.local_addr().unwrap();
    let heads = Heads::default();
    let kept = heads.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, OK, &kept).await;
    });
    export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}"))])).await.unwrap();
    let head = heads.lock().unwrap()[0].to_ascii_lowercase();
    assert!(head.contains(&format!("\r\nhost: {address}\r\n")), "{head}");
}

#[tokio::test]
async fn a_name_of_several_addresses_leads_to_the_one_that_listens() {
    for bound in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(bound).await else { continue };
        let port = listener.local_addr().unwrap().port();
        let is_local = tokio::net::lookup_host(("localhost", port)).await.unwrap().any(|address| {
            let SocketAddr::V4(_) = address else { return bound.starts_with('[') };
            !bound.starts_with('[')
        });
        if !is_local {
            eprintln!("skipped: localhost has no address such as {bound}");
            continue;
        }
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            answer(stream, OK, &Heads::default()).await;
        });
        export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://localhost:{port}"))])).await.unwrap();
    }
}

/// The end of a connection, made by the collector while the function is frozen.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Closes both directions.
    Close,
    /// Resets the connection.
    Reset,
    /// Closes the direction to the client, and goes on reading.
    HalfClose,
    /// Reads the next request and closes without a response.
    CloseAfterRequest,
    /// Announces the end with the response.
    Announce,
}

#[tokio::test]
async fn a_connection_that_died_while_idle_costs_one_retry_and_no_data() {
    for end in [End::Close, End::Reset, End::HalfClose, End::CloseAfterRequest, End::Announce] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heads, connections) = (Heads::default(), Arc::new(Mutex::new(0)));
        let (kept, counted) = (heads.clone(), connections.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                *counted.lock().unwrap() += 1;
                let kept = kept.clone();
                tokio::spawn(async move {
                    let Some((head, _)) = read_request(&mut stream).await else { return };
                    kept.lock().unwrap().push(head);
                    let last = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(if matches!(end, End::Announce) { last } else { OK }).await.unwrap();
                    match end {
                        End::Close | End::Announce => {}
                        End::Reset => stream.set_zero_linger().unwrap(),
                        End::HalfClose => {
                            stream.shutdown().await.unwrap();
                            let _ = read_request(&mut stream).await;
                        }
                        End::CloseAfterRequest => drop(read_request(&mut stream).await),
                    }
                });
            }
        });
        let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
        for _ in 0..3 {
            export(&exporter).await.unwrap_or_else(|error| panic!("{end:?}: {error:?}"));
            // The client's thread is blocked meanwhile, as in a freeze.
            std::thread::sleep(Duration::from_millis(120));
        }
        assert_eq!((heads.lock().unwrap().len(), *connections.lock().unwrap()), (3, 3), "{end:?}");
    }
}

#[test]
fn a_connection_serves_the_runtime_that_opened_it() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let collectors = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (url, heads, connections) = collectors.block_on(collector(OK));
    let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
    // Both live on, and neither runs while the other does.
    let runtimes = [runtime(), runtime()];
    for at in [0, 1, 1, 0] {
        runtimes[at].block_on(export(&exporter)).unwrap();
    }
    assert_eq!((heads.lock().unwrap().len(), *connections.lock().unwrap()), (4, 3), "each request is sent once");
}
