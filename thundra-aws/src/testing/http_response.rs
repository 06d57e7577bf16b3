//! The response of an HTTP function, as received by the client.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::call::Posted;
use super::error::{InvocationError, InvocationErrorKind};
use super::invocation::Invocation;

/// The response for API Gateway, a function URL, a load balancer or VPC Lattice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForGateway {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, HeaderText>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<HeaderText>>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// A header. Some functions write a number as the value.
#[derive(Deserialize)]
#[serde(untagged)]
enum HeaderText {
    String(String),
    Number(serde_json::Number),
    Bool(bool),
}

impl HeaderText {
    fn into_text(self) -> String {
        match self {
            HeaderText::String(text) => text,
            HeaderText::Number(number) => number.to_string(),
            HeaderText::Bool(value) => value.to_string(),
        }
    }
}

impl Invocation {
    /// Returns the response of an HTTP function as received by the client: the status, the headers and the decoded
    /// body.
    ///
    /// # Errors
    ///
    /// The failure of the invocation, or an error if the response has no status, or a header or a body that no gateway
    /// accepts.
    pub fn http_response(&self) -> Result<Response<Bytes>, InvocationError> {
        let posted = self.result.as_ref().map_err(Clone::clone)?;
        of(posted).map_err(|error| {
            let text = String::from_utf8_lossy(&posted.body);
            let message = format!("the response is not one of HTTP: {error}: {text}");
            InvocationError::new(InvocationErrorKind::OtherResponse, "", message)
        })
    }
}

fn of(posted: &Posted) -> Result<Response<Bytes>, lambda_runtime::Error> {
    let mut response = Response::new(Bytes::new());
    let cookies = match &posted.prelude {
        Some(prelude) => {
            *response.status_mut() = prelude.status_code;
            *response.headers_mut() = prelude.headers.clone();
            *response.body_mut() = posted.body.clone().into();
            prelude.cookies.clone()
        }
        None => {
            let ForGateway { status_code, headers, multi_value_headers, cookies, body, is_base64_encoded } =
                serde_json::from_slice(&posted.body)?;
            *response.status_mut() = StatusCode::from_u16(status_code)?;
            let several = multi_value_headers.unwrap_or_default();
            let one = headers.unwrap_or_default().into_iter().filter(|(name, _)| !several.contains_key(name));
            let one: Vec<_> = one.map(|(name, value)| (name, vec![value])).collect();
            for (name, values) in one.into_iter().chain(several) {
                for value in values {
                    let (name, value) = (HeaderName::try_from(&name)?, HeaderValue::try_from(value.into_text())?);
                    response.headers_mut().append(name, value);
                }
            }
            let body = body.unwrap_or_default();
            *response.body_mut() = match is_base64_encoded {
                true => BASE64_STANDARD.decode(body)?.into(),
                false => body.into(),
            };
            cookies.unwrap_or_default()
        }
    };
    for cookie in cookies {
        response.headers_mut().append(http::header::SET_COOKIE, HeaderValue::try_from(cookie)?);
    }
    Ok(response)
}
