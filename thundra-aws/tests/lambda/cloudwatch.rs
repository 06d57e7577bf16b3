//! AWS's OTLP endpoint for traces, replaced by a proxy that verifies signatures and enforces limits.

use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::json;

use crate::peers::{Lambda, Span, spans};

const ENDPOINT: &str = "http://xray.eu-west-1.amazonaws.com/v1/traces";
const KEYS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "s3cr3t"), ("AWS_SESSION_TOKEN", "t0ken")];

type Requests = Arc<Mutex<Vec<(HeaderMap, Vec<Span>)>>>;

/// Starts the proxy. Returns the address, and the requests accepted by the endpoint behind the proxy.
async fn endpoint() -> (String, Requests) {
    let requests = Requests::default();
    let keep = requests.clone();
    let app = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let taken = taken(&uri, &headers, &body);
        let status = match taken {
            Ok(spans) => {
                keep.lock().unwrap().push((headers, spans));
                StatusCode::OK
            }
            Err(status) => status,
        };
        async move { status }
    });
    let app = app.layer(axum::extract::DefaultBodyLimit::disable());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, requests)
}

fn taken(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Span>, StatusCode> {
    assert_eq!(uri.to_string(), ENDPOINT);
    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap());
    if authorization != Some("Bearer own") && authorization != Some(&*signature(headers, body)) {
        return Err(StatusCode::FORBIDDEN);
    }
    let mut request = Vec::new();
    match headers.get("content-encoding") {
        Some(_) => flate2::read::GzDecoder::new(body).read_to_end(&mut request).map(|_| ()).unwrap(),
        None => request.extend_from_slice(body),
    }
    let spans = spans(&request);
    let is_over = request.len() > 5_000_000 || spans.len() > 10_000 || request.len() > 200_000 + 210 * spans.len();
    if is_over { Err(StatusCode::BAD_REQUEST) } else { Ok(spans) }
}

/// Returns the expected signature of a request, by the date of the request.
fn signature(headers: &HeaderMap, body: &[u8]) -> String {
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    let date = text("x-amz-date");
    let Some(time) =
        (0..120).map(|ago| SystemTime::now() + Duration::from_secs(5) - Duration::from_secs(ago)).find(|time| {
            let (day, clock) = (utc(*time), date);
            day == clock
        })
    else {
        return "a date that is not of today".to_owned();
    };
    let [key, secret, token] = KEYS.map(|(_, value)| value);
    let identity = Credentials::new(key, secret, Some(token.to_owned()), None, "test").into();
    let parameters = SigningParams::builder().identity(&identity).region("eu-west-1").name("xray").time(time);
    let parameters = parameters.settings(SigningSettings::default()).build().unwrap().into();
    let signed = ["host", "content-type"].map(|name| (name, text(name)));
    let request = SignableRequest::new("POST", ENDPOINT, signed.into_iter(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let authorization = instructions.headers().find(|(name, _)| *name == "authorization");
    authorization.unwrap().1.to_owned()
}

/// Returns a time in the format of `x-amz-date`.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // The civil date of a day number: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * m + 2) / 5 + 1, if m < 10 { m + 3 } else { m - 9 });
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

async fn start(program: &str, proxy: &str, variables: &[(&str, &str)]) -> Lambda {
    let own = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ENDPOINT),
        ("HTTP_PROXY", proxy),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    Lambda::start(program, &own.iter().chain(variables).copied().collect::<Vec<_>>()).await
}

/// Ends a function, and returns the standard error.
async fn stop(lambda: Lambda) -> String {
    lambda.stop().await.1
}

#[tokio::test]
async fn requests_to_aws_are_signed_with_the_credentials_of_the_function() {
    for compression in ["none", "gzip"] {
        let (proxy, requests) = endpoint().await;
        let variables: Vec<_> =
            KEYS.into_iter().chain([("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", compression)]).collect();
        let lambda = start("traced", &proxy, &variables).await;
        for _ in 0..2 {
            lambda.invoke(json!("ann")).await.unwrap();
        }
        let stderr = stop(lambda).await;
        let requests = requests.lock().unwrap();
        assert_eq!(
            requests.iter().map(|(_, spans)| spans.len()).collect::<Vec<_>>(),
            [2, 2],
            "{compression}: {stderr}"
        );
        assert!(requests.iter().all(|(headers, _)| headers["x-amz-security-token"] == "t0ken"));
        assert!(!stderr.contains("thundra: "), "{stderr}");
    }
}

#[tokio::test]
async fn a_key_of_the_users_own_takes_the_place_of_a_signature() {
    let (proxy, requests) = endpoint().await;
    let header = [("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer%20own")];
    let lambda = start("traced", &proxy, &header).await;
    lambda.invoke(json!("ann")).await.unwrap();
    let stderr = stop(lambda).await;
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 1, "{stderr}");
    assert!(!requests[0].0.contains_key("x-amz-date"));
}

#[tokio::test]
async fn without_credentials_spans_wait_and_one_line_says_so() {
    let (proxy, requests) = endpoint().await;
    let lambda = start("traced", &proxy, &[]).await;
    for _ in 0..3 {
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    }
    let stderr = stop(lambda).await;
    assert!(requests.lock().unwrap().is_empty());
    assert_eq!(stderr.matches("requests to AWS are signed, and no credentials were found").count(), 1, "{stderr}");
    assert_eq!(stderr.matches("thundra: ").count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_long_invocation_keeps_within_the_limits_and_an_oversized_span_is_counted() {
    let (proxy, requests) = endpoint().await;
    let lambda = start("many", &proxy, &KEYS).await;
    lambda.invoke(json!(9_999)).await.unwrap();
    lambda.invoke(json!({ "bytes": 300_000 })).await.unwrap();
    lambda.invoke(json!(1)).await.unwrap();
    let stderr = stop(lambda).await;
    let requests = requests.lock().unwrap();
    let spans: Vec<_> = requests.iter().flat_map(|(_, spans)| spans).collect();
    assert_eq!(spans.len(), 10_000 + 1 + 2, "{stderr}");
    let last = spans.iter().rfind(|span| span.kind == 2).unwrap();
    assert_eq!((last.text("thundra.lost_spans"), last.text("thundra.lost_spans.too_large")), ("1".into(), "1".into()));
    assert_eq!(stderr.matches("thundra: lost 1 span").count(), 1, "{stderr}");
}
