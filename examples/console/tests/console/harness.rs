//! Starts the console, sends to it, and asks it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Client, Response};
use serde_json::Value;

/// A running console.
pub(crate) struct Console {
    process: Child,
    pub(crate) link: String,
    pub(crate) page: String,
    pub(crate) token: String,
    pub(crate) otlp: String,
    client: Client,
}

impl Console {
    /// Starts a console without a file.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a console with more arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::spawn(arguments, Stdio::null())
    }

    /// Starts a console that reads a log from its standard input.
    pub(crate) fn reading() -> (Self, ChildStdin) {
        let mut console = Self::spawn(&["-"], Stdio::piped());
        let input = console.process.stdin.take().unwrap();
        (console, input)
    }

    fn spawn(arguments: &[&str], input: Stdio) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_thundra-console"))
            .args(["--page-port", "0", "--otlp-port", "0", "--xray-port", "0"])
            .args(arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let link = lines.next().unwrap().unwrap();
        let otlp = lines.next().unwrap().unwrap();
        let (page, token) = link.split_once("/?token=").unwrap();
        Console {
            process,
            page: page.to_owned(),
            token: token.to_owned(),
            otlp: otlp.strip_prefix("OTEL_EXPORTER_OTLP_ENDPOINT=").unwrap().to_owned(),
            client: Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            link,
        }
    }

    /// Asks with the token.
    pub(crate) async fn ask(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.page));
        request.header("authorization", format!("Bearer {}", self.token)).send().await.unwrap()
    }

    /// Asks for JSON.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.ask(path).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Asks until the answer is right.
    pub(crate) async fn get_when(&self, path: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.get(path).await;
            if is_right(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path}: {answer}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks in another way.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request of OTLP/JSON.
    pub(crate) async fn send(&self, signal: &str, request: &Value) {
        let response = self.post(signal, "application/json", request.to_string().into_bytes()).await;
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
    }

    /// Sends bytes.
    pub(crate) async fn post(&self, signal: &str, media_type: &str, body: Vec<u8>) -> Response {
        let request = self.client.post(format!("{}/v1/{signal}", self.otlp)).header("content-type", media_type);
        request.body(body).send().await.unwrap()
    }

    /// Ends the console as Ctrl+C does. Returns `false` if it did not end by that.
    pub(crate) fn end(&mut self) -> bool {
        if !matches!(self.process.try_wait(), Ok(None)) {
            return true;
        }
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(20);
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.process.kill();
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.end();
    }
}

/// Makes a file for a test.
pub(crate) fn file(name: &str, content: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Zips bytes.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
