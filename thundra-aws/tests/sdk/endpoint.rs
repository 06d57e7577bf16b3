//! An endpoint with given answers. The endpoint keeps the requests.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns the pairs of a form, the format of SNS.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        self.body.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decode(k), decode(v))).collect()
    }

    /// Returns the attributes of the SNS message below a prefix.
    pub(crate) fn sns_attributes(&self, prefix: &str) -> BTreeMap<String, String> {
        let form = self.form();
        let entry = |n| format!("{prefix}MessageAttributes.entry.{n}");
        let name = |n| form.get(&format!("{}.Name", entry(n)));
        (1..)
            .map_while(|n| Some((name(n)?.clone(), form[&format!("{}.Value.StringValue", entry(n))].clone())))
            .collect()
    }

    /// Returns the parts common to two requests of the same call.
    pub(crate) fn essence(&self) -> (Vec<(&str, &str)>, &str) {
        let changing = ["amz-sdk-invocation-id", "authorization", "x-amz-date", "host"];
        let headers = self.headers.iter().filter(|(name, _)| !changing.contains(&name.as_str()));
        (headers.map(|(name, value)| (name.as_str(), value.as_str())).collect(), &self.body)
    }
}

fn decode(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).unwrap()
}

/// The response to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Status(u16, &'static str),
    /// Status 200, with a header.
    Header(&'static str, &'static str),
    /// A status and a body computed from the request.
    To(fn(&Request) -> (u16, String)),
    /// No response. The connection stays open.
    Silence,
    /// The connection is reset.
    Reset,
}

/// The responses in the order of requests. The last response repeats.
pub(crate) type Answers = Vec<Answer>;

pub(crate) fn ok(body: &'static str) -> Answers {
    vec![Answer::Status(200, body)]
}

/// An endpoint that keeps requests.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Endpoint {
    pub(crate) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (requests.clone(), Arc::new(answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answers.clone()));
            }
        });
        Endpoint { url, requests }
    }

    pub(crate) fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .build()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn request(&self) -> Request {
        self.requests().pop().unwrap()
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Request>>>, answers: Arc<Answers>) -> std::io::Result<()> {
    let mut input = Vec::new();
    loop {
        let head = loop {
            if let Some(at) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&input[..head]).into_owned();
        let headers: BTreeMap<_, _> = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let end = head + 4 + headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        while input.len() < end {
            stream.read_buf(&mut input).await?;
        }
        let body = String::from_utf8(input[head + 4..end].to_vec()).unwrap();
        input.drain(..end);
        let request = Request { headers, body };
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(request.clone());
            kept.len() - 1
        };
        let (status, header, body) = match answers[number.min(answers.len() - 1)] {
            Answer::Status(status, body) => (status, "x-no: thing", body.to_owned()),
            Answer::Header(header, body) => (200, header, body.to_owned()),
            Answer::To(answer) => {
                let (status, body) = answer(&request);
                (status, "x-no: thing", body)
            }
            Answer::Silence => return std::future::pending().await,
            Answer::Reset => return stream.set_zero_linger(),
        };
        let answer = format!(
            "HTTP/1.1 {status} S\r\n{header}\r\nx-amzn-requestid: r-{}\r\ncontent-length: {}\r\n\r\n{body}",
            number + 1,
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Returns the content of a Kinesis record or another blob.
pub(crate) fn data(encoded: &Value) -> String {
    String::from_utf8(BASE64_STANDARD.decode(encoded.as_str().unwrap()).unwrap()).unwrap()
}
