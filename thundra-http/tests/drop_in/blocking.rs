//! Programs without async.

use std::io::Read;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::{Body, Client, ClientBuilder, Request, RequestBuilder, Response, multipart};

use crate::server::start_blocking;

#[test]
fn a_blocking_program_compiles_and_runs() -> Result<(), Box<dyn std::error::Error>> {
    let base = format!("http://{}", start_blocking());
    let client: Client = ClientBuilder::new()
        .timeout(Duration::from_secs(9))
        .connect_timeout(None)
        .user_agent("orders/1")
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::limited(3))
        .gzip(true)
        .build()?;
    let text = |request: RequestBuilder| request.send().unwrap().text().unwrap();
    assert_eq!(text(client.get(format!("{base}/moved"))), "GET /echo  ||orders/1| ");
    assert_eq!(text(client.post(format!("{base}/a")).json(&[7])), "POST /a application/json ||orders/1| [7]");
    assert_eq!(text(client.put(format!("{base}/a")).query(&[("q", 1)]).body("b")), "PUT /a?q=1  ||orders/1| b");
    let body = Body::new(std::io::Cursor::new("from a reader"));
    assert!(text(client.patch(format!("{base}/a")).body(body)).ends_with("from a reader"));
    let form = multipart::Form::new().text("key", "value").part("file", multipart::Part::bytes(vec![1]).file_name("f"));
    assert!(text(client.post(format!("{base}/a")).multipart(form)).contains("filename=\"f\""));
    let request: Request = client.delete(format!("{base}/a")).build()?;
    let mut response: Response = client.execute(request)?;
    let mut read = String::new();
    response.read_to_string(&mut read)?;
    assert!(read.starts_with("DELETE /a"));
    let order: serde_json::Value = reqwest::blocking::get(format!("{base}/json"))?.json()?;
    assert_eq!(order["id"], 7);
    let mut copied = Vec::new();
    client.get(format!("{base}/json")).send()?.copy_to(&mut copied)?;
    assert_eq!(copied.len(), 8);
    let failed: reqwest::Error = client.get(format!("{base}/broken")).send()?.error_for_status().unwrap_err();
    assert_eq!(failed.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    Ok(())
}
