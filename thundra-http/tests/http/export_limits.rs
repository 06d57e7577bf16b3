//! The rules of OTLP 1.11 for requests and responses: the sizes, the statuses, and the bodies.

use std::time::{Duration, Instant};

use thundra_core::export::{ExportErrorKind, Gzip};
use thundra_http::export::OtlpExporter;

use crate::exporting::{collector, export, export_filled, exporter, otlp};

/// Returns a response with headers, one a line, and a body.
fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn only_four_statuses_are_worth_another_attempt() {
    use ExportErrorKind::{Permanent, Retryable, TooLarge};
    for (status, kind, attempts) in [
        ("429 Too Many Requests", Retryable, 3),
        ("502 Bad Gateway", Retryable, 3),
        ("503 Service Unavailable", Retryable, 3),
        ("504 Gateway Timeout", Retryable, 3),
        ("413 Content Too Large", TooLarge, 1),
        ("101 Switching Protocols", Permanent, 1),
        ("302 Found", Permanent, 1),
        ("308 Permanent Redirect", Permanent, 1),
        ("400 Bad Request", Permanent, 1),
        ("401 Unauthorized", Permanent, 1),
        ("403 Forbidden", Permanent, 1),
        ("404 Not Found", Permanent, 1),
        ("407 Proxy Authentication Required", Permanent, 1),
        ("408 Request Timeout", Permanent, 1),
        ("425 Too Early", Permanent, 1),
        ("500 Internal Server Error", Permanent, 1),
        ("501 Not Implemented", Permanent, 1),
        ("505 HTTP Version Not Supported", Permanent, 1),
        ("529 Overloaded", Permanent, 1),
        ("599 x", Permanent, 1),
    ] {
        let location = "location: http://127.0.0.1:9/\r\n";
        let (url, heads, _) = collector(response(status, location, b"")).await;
        let (found, text) = export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)])).await.unwrap_err();
        assert_eq!((found, heads.lock().unwrap().len()), (kind, attempts), "{status}");
        assert_eq!(text.contains("redirects are not followed"), status.starts_with('3'), "{text}");
    }
}

#[tokio::test]
async fn a_pause_is_waited_for_where_there_is_time() {
    for (value, least, attempts, why) in [
        ("1", 2000, 3, "seconds"),
        ("Thu, 26 Nov 2026 09:00:01 GMT", 2000, 3, "a date, by the clock of the collector"),
        ("Thu, 26 Nov 2026 08:00:00 GMT", 0, 3, "a past date"),
        ("soon", 0, 3, "garbage"),
        ("60", 0, 1, "longer than a caller waits"),
    ] {
        let headers = format!("date: Thu, 26 Nov 2026 09:00:00 GMT\r\nretry-after: {value}\r\n");
        let (url, heads, _) = collector(response("503 Service Unavailable", &headers, b"")).await;
        let started = Instant::now();
        let (kind, _) = export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)])).await.unwrap_err();
        assert_eq!((kind, heads.lock().unwrap().len()), (ExportErrorKind::Retryable, attempts), "{why}");
        assert!(started.elapsed() >= Duration::from_millis(least), "{why}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_response_has_4_mib_at_most() {
    let (limit, headers) = (4 << 20, "content-type: application/x-protobuf\r\n");
    let unannounced = |size: usize| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        [head, format!("{size:x}\r\n").into_bytes(), vec![0; size], b"\r\n0\r\n\r\n".to_vec()].concat()
    };
    let packed = |size: usize| {
        let body = Gzip::new().pack(&vec![0; size]).unwrap();
        response("200 OK", "content-encoding: gzip\r\n", &body)
    };
    for (response, is_taken, connections, why) in [
        (response("200 OK", headers, &vec![0; limit]), true, 1, "the limit"),
        (response("200 OK", headers, &vec![0; limit + 1]), false, 2, "a byte more"),
        (response("200 OK", headers, &vec![0; 10_000_000]), false, 2, "10 MB"),
        (response("503 Service Unavailable", headers, &vec![0; 10_000_000]), false, 2, "with a status that is retried"),
        (unannounced(limit), true, 1, "the limit, without a length"),
        (unannounced(10_000_000), false, 2, "10 MB, without a length"),
        (packed(limit), true, 1, "the limit, packed"),
        (packed(100_000_000), false, 1, "100 MB, packed"),
    ] {
        let (url, heads, opened) = collector(response).await;
        // Elsewhere a slow refusal is followed by a pause.
        let exporter = exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]).in_background();
        for _ in 0..2 {
            match export(&exporter).await {
                Ok(()) => assert!(is_taken, "{why}"),
                Err((kind, text)) => {
                    assert_eq!((kind, is_taken), (ExportErrorKind::Permanent, false), "{why}: {text}");
                    assert!(text.contains("the collector's response is larger than 4194304 bytes"), "{text}");
                }
            }
        }
        assert_eq!(heads.lock().unwrap().len(), 2, "{why}: nothing is sent again");
        assert_eq!(*opened.lock().unwrap(), connections, "{why}: a connection that is not read to its end is closed");
    }
}

#[tokio::test]
async fn the_sizes_are_settings() {
    let (url, heads, _) = collector(response("200 OK", "", &[0; 200])).await;
    let mut otlp = otlp(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    otlp.traces.max_response_size = 100;
    assert_eq!(export(&OtlpExporter::new(&otlp).unwrap()).await.unwrap_err().0, ExportErrorKind::Permanent);
    otlp.traces.max_response_size = 200;
    otlp.traces.max_request_size = 1000;
    let exporter = OtlpExporter::new(&otlp).unwrap();
    export(&exporter).await.unwrap();
    let before = heads.lock().unwrap().len();
    let (kind, text) = export_filled(&exporter, 2000).await.unwrap_err();
    assert_eq!(kind, ExportErrorKind::TooLarge, "packed it has less, which does not count");
    assert!(text.contains("the request is larger than 1000 bytes"), "{text}");
    assert_eq!(heads.lock().unwrap().len(), before, "it is not sent");
}

#[tokio::test]
async fn a_failure_tells_what_the_collector_said() {
    for (headers, body, shown, why) in [
        (
            "content-type: application/x-protobuf\r\n",
            &b"\x08\x03\x12\x07no name"[..],
            "400 Bad Request: no name",
            "protobuf",
        ),
        ("content-type: application/json\r\n", br#"{"message":"no name"}"#, "400 Bad Request: no name", "JSON"),
        ("content-type: text/html\r\n", b"<html>no name", "400 Bad Request", "a page"),
        ("", b"", "400 Bad Request", "nothing"),
    ] {
        let (url, _, _) = collector(response("400 Bad Request", headers, body)).await;
        let (_, text) = export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)])).await.unwrap_err();
        assert!(text.ends_with(shown), "{why}: {text}");
    }
}

#[tokio::test]
async fn informational_responses_come_before_the_response() {
    for interim in ["100 Continue", "102 Processing", "103 Early Hints"] {
        let interim = format!("HTTP/1.1 {interim}\r\nlink: </x>\r\n\r\n").into_bytes();
        let (url, heads, _) = collector([interim.clone(), interim, response("200 OK", "", b"")].concat()).await;
        export(&exporter(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)])).await.unwrap();
        assert_eq!(heads.lock().unwrap().len(), 1);
    }
}
