//! SSM Parameter Store with one parameter, on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::PATIENCE;

#[derive(Clone)]
pub(super) struct ParameterStore {
    url: String,
    state: Arc<Mutex<State>>,
    /// `true` while calls wait.
    held: watch::Sender<bool>,
}

struct State {
    document: String,
    version: u64,
    /// The code of the error in place of the document.
    failure: Option<&'static str>,
    /// The targets and names of the calls.
    calls: Vec<String>,
}

impl ParameterStore {
    pub(super) async fn serve(document: &str, version: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { document: document.to_owned(), version, failure: None, calls: Vec::new() };
        let store = ParameterStore { url, state: Arc::new(Mutex::new(state)), held: watch::Sender::new(false) };
        let served = store.clone();
        let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let store = served.clone();
            async move { store.answer(&headers, &body).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        store
    }

    async fn answer(&self, headers: &HeaderMap, body: &[u8]) -> (StatusCode, String) {
        let input: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(input["WithDecryption"], true);
        let (target, name) = (headers["x-amz-target"].to_str().unwrap(), input["Name"].as_str().unwrap());
        self.state.lock().unwrap().calls.push(format!("{target} {name}"));
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        let state = self.state.lock().unwrap();
        match state.failure {
            Some(code) => (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": "not now" }).to_string()),
            None => {
                let parameter = json!({ "Name": name, "Value": state.document, "Version": state.version });
                (StatusCode::OK, json!({ "Parameter": parameter }).to_string())
            }
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn put(&self, document: &str, version: u64) {
        let mut state = self.state.lock().unwrap();
        (state.document, state.version) = (document.to_owned(), version);
    }

    pub(super) fn fail(&self, code: Option<&'static str>) {
        self.state.lock().unwrap().failure = code;
    }

    /// Lets calls wait from now on.
    pub(super) fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Answers the calls.
    pub(super) fn release(&self) {
        self.held.send_replace(false);
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Waits for a number of calls.
    pub(super) async fn called(&self, count: usize) {
        let enough = async {
            while self.calls().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.unwrap();
    }
}
