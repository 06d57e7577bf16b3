//! Requests and responses.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Body, Client, Method, StatusCode, Url, Version};

use crate::server::start;

#[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize)]
struct Order {
    id: u32,
}

#[tokio::test]
async fn the_methods_and_bodies_of_requests() -> Result<(), Box<dyn std::error::Error>> {
    let base = Url::parse(&format!("http://{}", start().await))?;
    let url = |path: &str| base.join(path).unwrap();
    let client = Client::new();
    let text = async |request: reqwest::RequestBuilder| request.send().await.unwrap().text().await.unwrap();
    for (request, expected) in [
        (client.get(url("/a")).query(&[("q", "1 2")]), "GET /a?q=1+2  ||| "),
        (client.post(url("/a")).json(&Order { id: 7 }), "POST /a application/json ||| {\"id\":7}"),
        (client.put(url("/a")).form(&Order { id: 7 }), "PUT /a application/x-www-form-urlencoded ||| id=7"),
        (client.patch(url("/a")).body("text"), "PATCH /a  ||| text"),
        (client.post(url("/a")).body(vec![0x61, 0x62]), "POST /a  ||| ab"),
        (client.delete(url("/a")).bearer_auth("token"), "DELETE /a  Bearer token||| "),
        (client.request(Method::OPTIONS, url("/a")).basic_auth("user", None::<&str>), "OPTIONS /a  Basic dXNlcjo=||| "),
        (client.get(url("/a").as_str()).version(Version::HTTP_11).timeout(Duration::from_secs(9)), "GET /a  ||| "),
        (client.get(url("/a")).header("x-default", 7).header(ACCEPT, "text/plain"), "GET /a  |||7 "),
    ] {
        assert_eq!(text(request).await, expected);
    }
    let stream = futures_util::stream::iter(["a", "b"].map(Ok::<_, std::io::Error>));
    assert_eq!(text(client.post(url("/a")).body(Body::wrap_stream(stream))).await, "POST /a  ||| ab");
    let form = reqwest::multipart::Form::new()
        .text("key", "value")
        .part("file", reqwest::multipart::Part::bytes(vec![1]).file_name("f.bin").mime_str("application/x-bin")?);
    assert!(text(client.post(url("/a")).multipart(form)).await.contains("filename=\"f.bin\""));
    let head = client.head(url("/a")).headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]));
    assert_eq!(head.send().await?.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn the_parts_of_responses() -> reqwest::Result<()> {
    let address = start().await;
    let order = async || reqwest::get(format!("http://{address}/json")).await;
    let mut response = order().await?;
    assert_eq!((response.status(), response.version()), (reqwest::StatusCode::OK, Version::HTTP_11));
    assert_eq!(
        (response.content_length(), response.url().path(), response.remote_addr()),
        (Some(8), "/json", Some(address))
    );
    assert_eq!(response.headers()[reqwest::header::CONTENT_TYPE], "application/json");
    assert_eq!(response.chunk().await?.as_deref(), Some(&br#"{"id":7}"#[..]));
    assert_eq!(order().await?.json::<Order>().await?, Order { id: 7 });
    assert_eq!(order().await?.bytes().await?.len(), 8);
    assert_eq!(order().await?.text_with_charset("utf-8").await?.len(), 8);
    let chunks: Vec<_> = order().await?.bytes_stream().map(|chunk| chunk.unwrap().len()).collect().await;
    assert_eq!(chunks.iter().sum::<usize>(), 8);
    Ok(())
}

#[tokio::test]
async fn the_kinds_of_errors() {
    fn kind(error: &reqwest::Error) -> &'static str {
        match error {
            error if error.is_status() => "status",
            error if error.is_timeout() => "timeout",
            error if error.is_connect() => "connect",
            error if error.is_decode() => "decode",
            error if error.is_redirect() => "redirect",
            error if error.is_builder() => "builder",
            error if error.is_body() || error.is_upgrade() || error.is_request() => "other",
            _ => "unknown",
        }
    }
    let address = start().await;
    let url = |path: &str| format!("http://{address}{path}");
    let failed = reqwest::get(url("/broken")).await.unwrap().error_for_status().unwrap_err();
    assert_eq!((kind(&failed), failed.status()), ("status", Some(StatusCode::INTERNAL_SERVER_ERROR)));
    assert_eq!(failed.url().map(reqwest::Url::path), Some("/broken"));
    assert!(failed.without_url().url().is_none());
    let client = Client::builder().redirect(reqwest::redirect::Policy::custom(|hop| hop.error("no"))).build().unwrap();
    let late = client.get(url("/slow")).timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert_eq!(kind(&late), "timeout");
    assert_eq!(kind(&client.get(url("/moved")).send().await.unwrap_err()), "redirect");
    assert_eq!(kind(&client.get("http://127.0.0.1:1").send().await.unwrap_err()), "connect");
    assert_eq!(kind(&client.get("no url").send().await.unwrap_err()), "builder");
    let text = client.get(url("/a")).send().await.unwrap();
    assert_eq!(kind(&text.json::<Order>().await.unwrap_err()), "decode");
}

#[tokio::test]
async fn a_request_is_built_changed_and_sent_again() -> Result<(), Box<dyn std::error::Error>> {
    let url = format!("http://{}/a", start().await);
    let client = Client::new();
    let (client, request) = client.post(&url).body("one").build_split();
    let mut request = request?;
    *request.method_mut() = Method::PUT;
    request.url_mut().set_query(Some("n=2"));
    request.headers_mut().insert("x-default", HeaderValue::from_static("d"));
    *request.timeout_mut() = Some(Duration::from_secs(9));
    let again = request.try_clone().unwrap();
    assert_eq!(request.body().and_then(Body::as_bytes), Some(&b"one"[..]));
    assert_eq!(client.execute(request).await?.text().await?, "PUT /a?n=2  |||d one");
    let builder = reqwest::RequestBuilder::from_parts(client.clone(), again).header("user-agent", "u");
    assert_eq!(builder.try_clone().unwrap().send().await?.text().await?, "PUT /a?n=2  ||u|d one");
    let from_http = reqwest::Request::try_from(http::Request::get(&url).body("two")?)?;
    assert_eq!(client.execute(from_http).await?.text().await?, "GET /a  ||| two");
    Ok(())
}
