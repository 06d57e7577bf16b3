//! Failures between a client and a service.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_kinesis::primitives::Blob;
use thundra_core::Status;
use thundra_core::testing::tree;

use crate::endpoint::{Answer, Endpoint, ok};
use crate::support::{PUBLISHED, QUEUE, THROTTLED, TOPIC, attribute, in_scope, only_call, publish};

#[test]
fn retries_repeat_the_request_within_one_span() {
    let answers = vec![Answer::Status(500, ""), Answer::Status(503, ""), Answer::Status(200, PUBLISHED)];
    let ((), endpoint, spans) = in_scope(answers, |endpoint| async move { publish(&endpoint.config()).await });
    let call = only_call(&spans);
    assert_eq!(
        ["http.request.resend_count", "http.response.status_code", "aws.request_id"].map(|key| attribute(call, key)),
        ["2", "200", "r-3"]
    );
    assert_eq!(call.status, Status::Unset);
    let requests = endpoint.requests();
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[test]
fn a_call_that_never_reached_the_service_has_a_reason() {
    let ((), _, spans) = in_scope(vec![Answer::Silence], |endpoint| async move {
        let builder = || endpoint.config().into_builder().retry_config(RetryConfig::disabled());
        let unreachable = builder().endpoint_url("http://127.0.0.1:1").build();
        let sqs = thundra_aws::sqs::client(&unreachable);
        sqs.send_message().queue_url(QUEUE).message_body("hi").send().await.unwrap_err();
        let timeout = TimeoutConfig::builder().operation_timeout(Duration::from_millis(50)).build();
        let sqs = thundra_aws::sqs::client(&builder().timeout_config(timeout).build());
        sqs.send_message().queue_url(QUEUE).message_body("hi").send().await.unwrap_err();
    });
    let types: Vec<_> = spans[..2].iter().map(|span| attribute(span, "error.type")).collect();
    assert_eq!(types, ["connector", "timeout"]);
    assert!(spans[..2].iter().all(|span| span.status.is_error()), "{}", tree(&spans));
}

#[test]
fn a_dropped_call_is_a_cancelled_one() {
    let ((), endpoint, spans) = in_scope(vec![Answer::Silence], |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let call = sns.publish().topic_arn(TOPIC).message("hi").send();
        tokio::time::timeout(Duration::from_millis(200), call).await.unwrap_err();
    });
    assert_eq!(endpoint.requests().len(), 1);
    let call = only_call(&spans);
    assert_eq!((&call.status, attribute(call, "error.type")), (&Status::error("cancelled"), "cancelled".to_owned()));
    assert!(call.duration() > Duration::from_millis(100), "{:?}", call.duration());
}

#[test]
fn throttled_attempts_are_counted() {
    let refused = || vec![Answer::Status(400, THROTTLED), Answer::Status(429, THROTTLED), Answer::Status(500, "")];
    let keys = ["http.request.resend_count", "thundra.throttled_attempts", "error.type"];
    let ((), endpoint, spans) =
        in_scope([refused(), ok(PUBLISHED)].concat(), |endpoint| async move { patient(&endpoint, 4).await.unwrap() });
    let call = only_call(&spans);
    assert_eq!(
        (keys.map(|key| attribute(call, key)), endpoint.requests().len()),
        (["3", "2", ""].map(str::to_owned), 4)
    );
    assert_eq!(call.status, Status::Unset);
    let ((), _, spans) = in_scope(vec![Answer::Status(400, THROTTLED)], |endpoint| async move {
        patient(&endpoint, 2).await.unwrap_err();
    });
    let call = only_call(&spans);
    assert_eq!(keys.map(|key| attribute(call, key)), ["1", "2", "Throttling"]);
    assert_eq!(call.status, Status::error("Throttling: Rate exceeded"));
}

#[test]
fn a_connection_that_is_reset_is_tried_again() {
    let ((), endpoint, spans) = in_scope(vec![Answer::Reset, Answer::Status(200, PUBLISHED)], |endpoint| async move {
        patient(&endpoint, 2).await.unwrap();
    });
    let call = only_call(&spans);
    assert_eq!((attribute(call, "http.request.resend_count"), &call.status), ("1".to_owned(), &Status::Unset));
    assert_eq!(endpoint.requests()[0].body, endpoint.requests()[1].body);
    let ((), _, spans) = in_scope(vec![Answer::Reset], |endpoint| async move {
        patient(&endpoint, 2).await.unwrap_err();
    });
    let call = only_call(&spans);
    assert_eq!((attribute(call, "error.type"), call.status.is_error()), ("connector".to_owned(), true));
}

#[test]
fn an_attempt_that_takes_too_long_is_tried_again() {
    let ((), _, spans) = in_scope(vec![Answer::Silence, Answer::Status(200, PUBLISHED)], |endpoint| async move {
        patient(&endpoint, 2).await.unwrap();
    });
    let call = only_call(&spans);
    assert_eq!((attribute(call, "http.request.resend_count"), &call.status), ("1".to_owned(), &Status::Unset));
    assert!(call.duration() > Duration::from_millis(100), "{:?}", call.duration());
}

/// Publishes, with a number of attempts of 150 ms.
async fn patient(endpoint: &Endpoint, attempts: u32) -> Result<(), impl std::fmt::Debug> {
    let retries = RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
    let timeout = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(150)).build();
    let config = endpoint.config().into_builder().retry_config(retries).timeout_config(timeout).build();
    thundra_aws::sns::client(&config).publish().topic_arn(TOPIC).message("hi").send().await.map(drop)
}

#[cfg(feature = "lambda")]
#[test]
fn a_failed_function_is_recorded_on_a_successful_call() {
    const FAILED: &str = r#"{"errorMessage":"boom"}"#;
    let answers = vec![Answer::Header("x-amz-function-error: Unhandled", FAILED)];
    let ((), _, spans) = in_scope(answers, |endpoint| async move {
        let lambda = thundra_aws::lambda::client(&endpoint.config());
        let answer = lambda.invoke().function_name("bill").send().await.unwrap();
        assert_eq!(
            (answer.function_error(), answer.payload().unwrap().as_ref()),
            (Some("Unhandled"), FAILED.as_bytes())
        );
    });
    let call = only_call(&spans);
    assert_eq!(
        (&call.status, attribute(call, "error.type"), attribute(call, "http.response.status_code")),
        (&Status::error("the invoked function failed"), "Unhandled".to_owned(), "200".to_owned())
    );
}

#[cfg(feature = "sfn")]
#[test]
fn a_failed_execution_is_recorded_on_a_successful_call() {
    for (answer, error_type) in [
        (r#"{"executionArn":"e","startDate":0,"stopDate":1,"status":"SUCCEEDED","output":"{}"}"#, ""),
        (
            r#"{"executionArn":"e","startDate":0,"stopDate":1,"status":"FAILED","error":"NoStock","cause":"for alice"}"#,
            "NoStock",
        ),
        (r#"{"executionArn":"e","startDate":0,"stopDate":1,"status":"TIMED_OUT"}"#, "TIMED_OUT"),
    ] {
        let ((), _, spans) = in_scope(ok(answer), |endpoint| async move {
            let url = endpoint.url.clone();
            let start = thundra_aws::sfn::client(&endpoint.config()).start_sync_execution().state_machine_arn("m");
            // The SDK puts a name before the host.
            let start = start.customize().mutate_request(move |request| request.set_uri(&*url).unwrap());
            start.send().await.unwrap();
        });
        let call = only_call(&spans);
        let status = match error_type {
            "" => Status::Unset,
            error => Status::error(format!("the execution failed: {error}")),
        };
        assert_eq!((&call.status, attribute(call, "error.type")), (&status, error_type.to_owned()));
        assert!(!format!("{call:?}").contains("alice"));
    }
}

#[test]
fn errors_have_the_code_of_the_service() {
    const XML: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";
    const JSON: &str =
        r#"{"__type":"com.amazonaws.kinesis#ValidationException","message":"Value 'secret' is invalid"}"#;
    let ((), _, spans) = in_scope(vec![Answer::Status(404, XML), Answer::Status(400, JSON)], |endpoint| async move {
        let config = endpoint.config();
        let sns = thundra_aws::sns::client(&config);
        sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap_err();
        let kinesis = thundra_aws::kinesis::client(&config);
        kinesis.put_record().stream_name("s").partition_key("k").data(Blob::new("x")).send().await.unwrap_err();
    });
    let errors: Vec<_> = spans[..2].iter().map(|span| (attribute(span, "error.type"), span.status.clone())).collect();
    assert_eq!(
        errors,
        [
            ("NotFound".to_owned(), Status::error("NotFound: Topic does not exist")),
            // The message of an invalid request repeats the values of the request.
            ("ValidationException".to_owned(), Status::error("ValidationException")),
        ]
    );
    assert_eq!(attribute(&spans[0], "http.response.status_code"), "404");
}
