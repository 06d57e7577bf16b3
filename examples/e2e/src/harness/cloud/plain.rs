//! Plain requests to services without an SDK crate among the dependencies.

use reqwest::Method;
use serde_json::Value;

use super::{Cloud, REGION};
use crate::harness::Error;

impl Cloud {
    /// Sends a request of a JSON protocol, to `target` (`Firehose_20150804.PutRecord`) of `service`.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value, Error> {
        let request = self.http.post(&self.endpoint).header("x-amz-target", target);
        let request = request.header("content-type", "application/x-amz-json-1.1").body(body.to_string());
        Self::answer(service, target, request).await
    }

    /// Sends a request of a REST protocol.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn rest(&self, service: &str, method: Method, path: &str, body: String) -> Result<Value, Error> {
        let request = self.http.request(method, format!("{}{path}", self.endpoint)).body(body);
        Self::answer(service, path, request).await
    }

    /// Returns the response. A body that is not JSON becomes a JSON string.
    async fn answer(service: &str, what: &str, request: reqwest::RequestBuilder) -> Result<Value, Error> {
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request");
        let response = request.header("authorization", scope).send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            return Err(format!("{service} refused {what}: {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}
