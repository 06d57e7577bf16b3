//! Lambda functions: upload, create, read the log.

use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Cloud, given, refused};
use crate::harness::Error;

/// The bucket of the deployment packages.
const BUCKET: &str = "packages";

/// The time for a new function to become active.
const PATIENCE: Duration = Duration::from_secs(30);

/// An uploaded deployment package.
#[derive(Clone, Debug)]
pub struct Code {
    key: String,
}

impl Code {
    /// Returns the key of the package in the bucket `packages`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A function to create.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    /// The name, and the value of `_HANDLER` in the environment.
    pub name: &'a str,
    /// The deployment package.
    pub code: &'a Code,
    /// The environment variables.
    pub environment: &'a [(&'a str, String)],
}

impl Cloud {
    /// Uploads a deployment package once, for any number of functions.
    ///
    /// The upload goes through S3, because `CreateFunction` itself would carry the package as base64 in JSON. Two plain
    /// requests do not justify another SDK crate.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn upload(&self, key: &str, package: Vec<u8>) -> Result<Code, Error> {
        let bucket = format!("{}/{BUCKET}", self.endpoint);
        self.http.put(&bucket).send().await?; // an existing bucket is fine
        self.http.put(format!("{bucket}/{key}")).body(package).send().await?.error_for_status()?;
        Ok(Code { key: key.to_owned() })
    }

    /// Creates a function, waits until the function is active, and returns the ARN.
    ///
    /// X-Ray's active tracing stays off. Otherwise the root of each trace would be a segment that only X-Ray receives.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request, or the function does not become active.
    pub async fn create_function(&self, function: &Function<'_>) -> Result<String, Error> {
        let variables = function.environment.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let answer = self
            .lambda
            .create_function()
            .function_name(function.name)
            .handler(function.name)
            .runtime(Runtime::Providedal2023)
            .role("arn:aws:iam::000000000000:role/examples")
            .code(FunctionCode::builder().s3_bucket(BUCKET).s3_key(&function.code.key).build())
            .environment(Environment::builder().set_variables(Some(variables)).build())
            .timeout(30)
            .memory_size(256)
            .send()
            .await
            .map_err(refused(format_args!("create the function {}", function.name)))?;
        self.active(function.name).await?;
        given(answer.function_arn, "function ARN")
    }

    async fn active(&self, name: &str) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let request = self.lambda.get_function_configuration().function_name(name);
            let answer = request.send().await.map_err(refused(format_args!("ask for the function {name}")))?;
            match answer.state {
                Some(State::Active) => return Ok(()),
                _ if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(50)).await,
                state => return Err(format!("the function {name} is {state:?} after {PATIENCE:?}").into()),
            }
        }
    }

    /// Returns the log lines of a function from CloudWatch Logs, oldest first.
    ///
    /// # Errors
    ///
    /// If the request fails. The log is empty before the first invocation.
    pub async fn log(&self, name: &str) -> Result<Vec<String>, Error> {
        self.find_in_log(name, "").await
    }

    /// Returns the lines of a function that match a [filter pattern], oldest first.
    ///
    /// [filter pattern]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    ///
    /// # Errors
    ///
    /// If the request fails.
    pub async fn find_in_log(&self, name: &str, pattern: &str) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        let mut query = json!({ "logGroupName": format!("/aws/lambda/{name}"), "filterPattern": pattern });
        loop {
            let page: LogPage = serde_json::from_value(self.logs("FilterLogEvents", &query).await?)?;
            lines.extend(page.events.into_iter().map(|event| event.message.trim_end().to_owned()));
            let (Some(next), Some(query)) = (page.next_token, query.as_object_mut()) else { return Ok(lines) };
            query.insert("nextToken".to_owned(), Value::String(next));
        }
    }

    /// Invokes a function with a JSON event, and returns the response.
    ///
    /// # Errors
    ///
    /// If the request or the function fails.
    pub async fn invoke(&self, name: &str, event: &Value) -> Result<Value, Error> {
        let payload = Blob::new(event.to_string());
        let request = self.lambda.invoke().function_name(name).payload(payload);
        let answer = request.send().await.map_err(refused(format_args!("invoke {name}")))?;
        let response = answer.payload.map(Blob::into_inner).unwrap_or_default();
        match answer.function_error {
            None => Ok(serde_json::from_slice(&response)?),
            Some(kind) => Err(format!("{name}: {kind}: {}", String::from_utf8_lossy(&response)).into()),
        }
    }

    /// Subscribes a function to the log of another function, which must have been invoked before.
    ///
    /// # Errors
    ///
    /// If the emulator refuses the request.
    pub async fn subscribe_to_log(&self, name: &str, subscriber_arn: &str) -> Result<(), Error> {
        let query = json!({
            "logGroupName": format!("/aws/lambda/{name}"), "filterName": "telemetry", "filterPattern": "",
            "destinationArn": subscriber_arn,
        });
        self.logs("PutSubscriptionFilter", &query).await.map(drop)
    }

    async fn logs(&self, action: &str, query: &Value) -> Result<Value, Error> {
        self.call("logs", &format!("Logs_20140328.{action}"), query).await
    }
}

/// The response of `FilterLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogPage {
    #[serde(default)]
    events: Vec<LogEvent>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct LogEvent {
    message: String,
}
