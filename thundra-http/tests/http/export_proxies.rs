//! The exporter behind a proxy.

use std::sync::{Arc, Mutex};

use thundra_core::export::ExportErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::exporting::{Heads, OK, answer, collector, export, exporter, read_request};
use crate::support::nobody;

/// Starts a proxy that asks for a user. The proxy responds to requests itself, and connects every tunnel to
/// `127.0.0.1`.
async fn proxy(expected: Option<&'static str>) -> (u16, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heads) = (listener.local_addr().unwrap().port(), Heads::default());
    let kept = heads.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let kept = kept.clone();
            tokio::spawn(async move {
                while let Some((head, _)) = read_request(&mut stream).await {
                    kept.lock().unwrap().push(head.clone());
                    let authorization = head.lines().find_map(|line| {
                        let (name, value) = line.split_once(": ")?;
                        name.eq_ignore_ascii_case("proxy-authorization").then(|| value.to_owned())
                    });
                    if authorization.as_deref() != expected {
                        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(refusal).await.unwrap();
                    } else if let Some(rest) = head.strip_prefix("CONNECT ") {
                        let port = rest.split(' ').next().unwrap().rsplit_once(':').unwrap().1;
                        let mut target = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
                        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut target).await;
                        return;
                    } else {
                        stream.write_all(OK).await.unwrap();
                    }
                }
            });
        }
    });
    (port, heads)
}

#[tokio::test]
async fn an_http_request_goes_to_the_proxy_with_its_whole_address() {
    for (user, expected) in [("", None), ("user:s3cr3t%40@", Some("Basic dXNlcjpzM2NyM3RA"))] {
        let (port, heads) = proxy(expected).await;
        let (base, address) =
            ("http://u:p@collector.internal:4318/base?key=1", format!("http://{user}127.0.0.1:{port}"));
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base), (name, &address)]);
            assert!(!format!("{exporter:?}").contains("s3cr3t"));
            export(&exporter).await.unwrap();
            export(&exporter).await.unwrap();
            let heads = std::mem::take(&mut *heads.lock().unwrap());
            assert_eq!(heads.len(), 2, "{name}");
            for head in heads {
                let line = "POST http://collector.internal:4318/base/v1/traces?key=1 HTTP/1.1\r\n";
                assert!(head.starts_with(line), "{head}");
                let head = head.to_ascii_lowercase();
                assert!(head.contains("\r\nhost: collector.internal:4318\r\n"), "{head}");
                assert!(head.contains("\r\nauthorization: basic dtpw\r\n"), "{head}");
            }
        }
    }
}

#[tokio::test]
async fn an_https_connection_goes_through_a_tunnel() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().port();
    let first = Arc::new(Mutex::new([0; 3]));
    let kept = first.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = [0; 3];
            let _ = stream.read_exact(&mut hello).await;
            *kept.lock().unwrap() = hello;
        }
    });
    let (port, heads) = proxy(Some("Basic dXNlcjpzM2NyM3Q=")).await;
    let exporter = exporter(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://collector.internal:{target}")),
        ("HTTPS_PROXY", &format!("user:s3cr3t@127.0.0.1:{port}")),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k3y"),
    ]);
    let (kind, text) = export(&exporter).await.unwrap_err();
    assert_eq!((kind, *first.lock().unwrap()), (ExportErrorKind::Retryable, [22, 3, 1]), "TLS came through");
    assert!(text.contains(&format!("through the proxy http://127.0.0.1:{port}")), "{text}");
    let head = heads.lock().unwrap()[0].to_ascii_lowercase();
    assert!(head.starts_with(&format!("connect collector.internal:{target} http/1.1\r\n")), "{head}");
    assert!(!head.contains("k3y"), "the headers are for the collector");
}

#[tokio::test]
async fn a_failure_names_the_proxy_and_no_password() {
    let (strict, _) = proxy(Some("Basic x")).await;
    let nobody = nobody().await.port();
    for (endpoint, port, expected) in [
        ("https://collector.internal", strict, "proxy authorization required"),
        ("http://collector.internal", strict, "407 Proxy Authentication Required"),
        ("https://collector.internal", nobody, "Connection refused"),
        ("http://collector.internal", nobody, "Connection refused"),
    ] {
        let proxy = format!("http://user:s3cr3t@127.0.0.1:{port}");
        let (_, text) =
            export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("ALL_PROXY", &proxy)])).await.unwrap_err();
        assert!(text.contains(expected) && !text.contains("s3cr3t"), "{text}");
    }
}

#[tokio::test]
async fn exceptions_are_reached_without_a_proxy() {
    let (url, heads, _) = collector(OK).await;
    let proxy = format!("http://{}", nobody().await);
    for (except, is_direct) in [("127.0.0.1", true), ("127.0.0.0/8", true), ("*", true), ("localhost", false)] {
        let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), ("HTTP_PROXY", &proxy), ("NO_PROXY", except)]);
        assert_eq!(export(&exporter).await.is_ok(), is_direct, "{except}");
    }
    assert_eq!(heads.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_socks_proxy_connects() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heads) = (listener.local_addr().unwrap().port(), Heads::default());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (kept, request) = (heads.clone(), asked.clone());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).await.unwrap();
        let mut methods = vec![0; usize::from(greeting[1])];
        stream.read_exact(&mut methods).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut name = vec![0; usize::from(head[4]) + 2];
        stream.read_exact(&mut name).await.unwrap();
        *request.lock().unwrap() = name;
        stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).await.unwrap();
        answer(stream, OK, &kept).await;
    });
    let exporter = exporter(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.internal"),
        ("ALL_PROXY", &format!("socks5h://127.0.0.1:{port}")),
    ]);
    export(&exporter).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), b"collector.internal\0\x50", "the proxy resolves the name; port 80");
    assert!(heads.lock().unwrap()[0].starts_with("POST /v1/traces HTTP/1.1\r\n"));
}
