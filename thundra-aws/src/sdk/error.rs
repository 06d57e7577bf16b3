//! The errors of failed calls, in the words of the service.

use std::borrow::Cow;

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use thundra_core::{SpanExt, Status, redact, semconv};
use tracing::Span;

/// Longest recorded description.
const MAX_MESSAGE_CHARS: usize = 512;

/// Parts of the error codes whose messages are about a resource or the service. Any other message may repeat a part of
/// the request: a document, a telephone number, the recipient of a mail.
const PUBLIC_CODES: [&str; 20] = [
    // The state of a resource.
    "AlreadyExists",
    "Conflict",
    "DoesNotExist",
    "InUse",
    "NoSuch",
    "NonExistent",
    "NotFound",
    // Too much of something.
    "Exceeded",
    "SlowDown",
    "Throttl",
    "TooMany",
    // The caller and its permissions. Not `AuthorizationError`, with which SNS names a telephone.
    "AccessDenied",
    "AuthenticationToken",
    "Expired",
    "InvalidClientTokenId",
    "Unauthorized",
    "UnrecognizedClient",
    // The service.
    "Internal",
    "Timeout",
    "Unavailable",
];

/// Parts of the error codes whose messages repeat a name that the caller chose: a user of IAM, an execution.
const PRIVATE_CODES: [&str; 3] = ["EntityAlreadyExists", "ExecutionAlreadyExists", "NoSuchEntity"];

/// Records an error on the span of the call.
pub(crate) fn record(span: &Span, error: &OrchestratorError<Error>, response: Option<&HttpResponse>) {
    if error.is_operation_error()
        && let Some(response) = response
    {
        let ServiceError { code, message } = of(response);
        let code = code.unwrap_or_else(|| status(response));
        span.set_status(Status::error(described(&code, message)));
        return span.set_attribute(semconv::ERROR_TYPE, code);
    }
    span.set_attribute(semconv::ERROR_TYPE, kind(error));
    span.record_error(error);
}

/// Returns the code and a public message. Redaction comes before cutting, because redaction does not recognise half a
/// token.
fn described(code: &str, message: Option<String>) -> String {
    match message.filter(|message| is_public(code, message)) {
        Some(message) => {
            format!("{code}: {}", redact::text(message).chars().take(MAX_MESSAGE_CHARS).collect::<String>())
        }
        None => code.to_owned(),
    }
}

/// Returns `error.type`: the code of the service, else what failed on the way.
pub(crate) fn error_type(error: &OrchestratorError<Error>, response: Option<&HttpResponse>) -> Cow<'static, str> {
    match response.filter(|_| error.is_operation_error()) {
        Some(response) => of(response).code.unwrap_or_else(|| status(response)).into(),
        None => kind(error).into(),
    }
}

fn status(response: &HttpResponse) -> String {
    response.status().as_u16().to_string()
}

/// Returns `true` if the service refused the request because of too many calls.
pub(crate) fn is_throttling(response: &HttpResponse) -> bool {
    response.status().as_u16() == 429
        || !response.status().is_success()
            && of(response).code.is_some_and(|code| THROTTLING_ERRORS.contains(&code.as_str()))
}

/// Reads the error of a response.
pub(crate) fn of(response: &HttpResponse) -> ServiceError {
    read(response.headers().get("x-amzn-errortype"), response.body().bytes().unwrap_or_default())
}

fn kind(error: &OrchestratorError<Error>) -> &'static str {
    match error.as_connector_error() {
        _ if error.is_timeout_error() => "timeout",
        Some(connector) if connector.is_timeout() => "timeout",
        Some(_) => "connector",
        None if error.is_response_error() => "response",
        None if error.is_interceptor_error() => "interceptor",
        None => "_OTHER",
    }
}

/// Returns `true` if the message may be recorded. A message about a person is private: the names of IAM sessions are
/// often mail addresses.
fn is_public(code: &str, message: &str) -> bool {
    let is_telephone = |after: &str| after.starts_with(|digit: char| digit.is_ascii_digit());
    let names_a_person = message.contains('@') || message.split('+').skip(1).any(is_telephone);
    let is_about = |words: &[&str]| words.iter().any(|word| code.contains(word));
    is_about(&PUBLIC_CODES) && !is_about(&PRIVATE_CODES) && !names_a_person
}

/// The error in a response.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ServiceError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

/// Reads an error from the bytes of a response, without an SDK crate. The AWS protocols write errors as JSON or XML.
fn read(header: Option<&str>, body: &[u8]) -> ServiceError {
    let text = String::from_utf8_lossy(body);
    let json = serde_json::from_str::<serde_json::Value>(&text).ok();
    let of = |names: [&str; 3]| match &json {
        Some(json) => names.iter().find_map(|name| Some(json.get(name)?.as_str()?.into())),
        None => names.iter().find_map(|name| element(&text, name)),
    };
    let code = header.map(Cow::from).or_else(|| of(["__type", "code", "Code"]));
    let code = code.map(|code| short(&code).to_owned()).filter(|code| !code.is_empty());
    let message = of(["message", "Message", "errorMessage"]).map(Cow::into_owned);
    ServiceError { code, message }
}

/// Returns the code without a namespace (`com.amazonaws.sqs#QueueDoesNotExist`) and a link (`NotFound:http://…`).
fn short(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}

/// Returns the text of the first XML element of this name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once("</")?;
    if !text.contains('&') {
        return Some(text.into());
    }
    let entities = [("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_every_protocol() {
        for (header, body, code, message) in [
            (None, r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#, "QueueDoesNotExist", "gone"),
            (
                None,
                r#"{"__type":"ResourceNotFoundException","Message":"no stream"}"#,
                "ResourceNotFoundException",
                "no stream",
            ),
            (Some("AccessDenied:http://internal/"), r#"{"message":"no"}"#, "AccessDenied", "no"),
            (
                None,
                "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>a &amp;lt; b&apos;s</Message></Error></ErrorResponse>",
                "NotFound",
                "a &lt; b's",
            ),
            (None, "<Error><Code>NoSuchKey</Code><Message></Message></Error>", "NoSuchKey", ""),
            (None, "\u{fffd}\u{1}cbor", "", ""),
            (None, "", "", ""),
            (None, "[1]", "", ""),
        ] {
            let read = read(header, body.as_bytes());
            assert_eq!(
                (read.code.unwrap_or_default(), read.message.unwrap_or_default()),
                (code.into(), message.into())
            );
        }
    }

    #[test]
    fn a_message_is_redacted_before_it_is_cut() {
        let long = format!("{}eyJhbGciOi.eyJzdWIi.c2ln", ". ".repeat(250));
        for (message, shown) in [
            (long, format!("NotFound: {}REDACTED", ". ".repeat(250))),
            ("no http://a/x?q=s3cr3t".to_owned(), "NotFound: no http://a/x?REDACTED".to_owned()),
        ] {
            assert_eq!(described("NotFound", Some(message)), shown);
        }
    }

    #[test]
    fn a_message_that_may_repeat_the_request_is_not_recorded() {
        const DENIED: &str = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: sqs:SendMessage";
        for (code, message, public) in [
            ("ResourceNotFoundException", "Requested resource not found", true),
            ("NoSuchBucket", "The specified bucket does not exist", true),
            ("QueueDoesNotExist", "The specified queue does not exist.", true),
            ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.", true),
            ("ResourceInUseException", "Table already exists: orders", true),
            ("BucketAlreadyExists", "The requested bucket name is not available.", true),
            ("ResourceConflictException", "An update is in progress", true),
            ("ThrottlingException", "Rate exceeded", true),
            ("ProvisionedThroughputExceededException", "Rate exceeded for shard", true),
            ("TooManyRequestsException", "Rate Exceeded.", true),
            ("SlowDown", "Please reduce your request rate.", true),
            ("AccessDeniedException", DENIED, true),
            ("UnauthorizedOperation", DENIED, true),
            ("ExpiredTokenException", "The security token included in the request is expired", true),
            ("UnrecognizedClientException", "The security token included in the request is invalid.", true),
            ("ServiceUnavailable", "Please try again", true),
            ("InternalFailure", "We encountered an internal error", true),
            ("RequestTimeout", "Your socket connection was not read from", true),
            // The text of these may be anything.
            ("InvalidParameter", "Invalid parameter: PhoneNumber", false),
            ("ValidationException", "Value 'secret' failed to satisfy constraint", false),
            ("MalformedQueryString", "secret", false),
            ("MessageRejected", "Email address is not verified: recipient", false),
            ("AuthorizationError", "not authorized to perform: SNS:Publish on resource: a telephone", false),
            ("SignatureDoesNotMatch", "The Canonical String for this request should have been 'POST /'", false),
            ("ReceiptHandleIsInvalid", "The input receipt handle \"h\" is not a valid receipt handle", false),
            ("DatabaseErrorException", "ERROR: syntax error at or near \"secret\"", false),
            ("OfTomorrow", "secret", false),
            ("400", "secret", false),
            // Persons, with any code.
            ("AccessDenied", "User: arn:aws:sts::1:assumed-role/admin/alice@example.com is not authorized", false),
            ("EntityAlreadyExists", "User with name alice already exists.", false),
            ("NoSuchEntityException", "The user with name alice cannot be found.", false),
            ("ExecutionAlreadyExists", "Execution Already Exists: 'order-7'", false),
            ("NotFound", "no endpoint for +46700000000", false),
            ("Conflict", "1 + 1", true),
        ] {
            assert_eq!(is_public(code, message), public, "{code}: {message}");
        }
    }
}
