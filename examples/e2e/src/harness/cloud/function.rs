//! Lambda functions: upload, create, read the log.

use std::time::{Duration, Instant};

use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Cloud, REGION, given, refused};
use crate::harness::Error;

/// The bucket that deployment packages wait in.
const BUCKET: &str = "packages";

/// How long a new function may take to become active.
const PATIENCE: Duration = Duration::from_secs(30);

/// An uploaded deployment package.
#[derive(Clone, Debug)]
pub struct Code {
    key: String,
}

/// A function to be made.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    /// Its name, and what `_HANDLER` says in its environment.
    pub name: &'a str,
    /// What it runs.
    pub code: &'a Code,
    /// Its environment variables.
    pub environment: &'a [(&'a str, String)],
}

impl Cloud {
    /// Uploads a deployment package once, for any number of functions.
    ///
    /// Through S3, because in `CreateFunction` itself a package travels as base64 inside JSON; with two plain requests,
    /// because they do not justify one more SDK crate.
    ///
    /// # Errors
    ///
    /// If it is refused.
    pub async fn upload(&self, key: &str, package: Vec<u8>) -> Result<Code, Error> {
        let bucket = format!("{}/{BUCKET}", self.endpoint);
        self.http.put(&bucket).send().await?; // an existing bucket is fine
        self.http.put(format!("{bucket}/{key}")).body(package).send().await?.error_for_status()?;
        Ok(Code { key: key.to_owned() })
    }

    /// Makes a function, waits until it is active, and returns its ARN.
    ///
    /// X-Ray's active tracing stays off: the root of each trace would be a segment that only X-Ray has.
    ///
    /// # Errors
    ///
    /// If it is refused or does not become active.
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

    /// Returns the lines a function has written so far, as CloudWatch Logs holds them, oldest first.
    ///
    /// # Errors
    ///
    /// If the request fails. A function that was never invoked has an empty log.
    pub async fn log(&self, name: &str) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        let mut query = json!({ "logGroupName": format!("/aws/lambda/{name}") });
        loop {
            let page: LogPage = serde_json::from_value(self.logs("FilterLogEvents", &query).await?)?;
            lines.extend(page.events.into_iter().map(|event| event.message.trim_end().to_owned()));
            let (Some(next), Some(query)) = (page.next_token, query.as_object_mut()) else { return Ok(lines) };
            query.insert("nextToken".to_owned(), Value::String(next));
        }
    }

    /// One plain request to CloudWatch Logs: a whole SDK crate for reading a log in a test would be too much.
    async fn logs(&self, action: &str, query: &Value) -> Result<Value, Error> {
        let response = self
            .http
            .post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("Logs_20140328.{action}"))
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/logs/aws4_request"))
            .body(query.to_string())
            .send()
            .await?;
        Ok(serde_json::from_str(&response.text().await?)?)
    }
}

/// What `FilterLogEvents` answers.
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
