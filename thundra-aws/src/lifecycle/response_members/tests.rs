//! Responses of every shape, which pass unchanged.

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::json;

use super::passing::pass;
use super::seen::{Part, ResponseMembers, Seen};
use crate::payload;

/// Returns the members read from a response, after a check for unchanged response text.
fn members(response: &impl Serialize) -> ResponseMembers {
    members_with(response, true)
}

fn members_with(response: &impl Serialize, reads_result: bool) -> ResponseMembers {
    let seen = Seen { reads_result, ..Seen::default() };
    let passed = serde_json::to_string(&pass(response, Part::Response, &seen)).map_err(|error| error.to_string());
    assert_eq!(passed, serde_json::to_string(response).map_err(|error| error.to_string()));
    seen.members.into_inner()
}

/// Returns the status code read from a response.
fn of(response: &impl Serialize) -> Option<u16> {
    members(response).status_code
}

#[test]
fn the_outcome_of_a_durable_execution_is_found() {
    #[derive(serde::Serialize)]
    struct Envelope {
        #[serde(rename = "Status")]
        status: &'static str,
        #[serde(rename = "Error")]
        error: Option<Failure>,
    }
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Failure {
        error_type: &'static str,
        error_message: &'static str,
    }
    #[derive(serde::Serialize, PartialEq, Eq, Hash)]
    enum Words {
        Status,
        #[serde(rename = "FAILED")]
        Failed,
    }
    let typed = |error| members(&Envelope { status: "FAILED", error });
    for (members, expected, why) in [
        (
            members(&json!({"Error": {"ErrorType": "StepError", "ErrorMessage": "no"}, "Status": "FAILED"})),
            [Some("FAILED"), Some("StepError"), Some("no")],
            "a map",
        ),
        (
            typed(Some(Failure { error_type: "StepError", error_message: "no" })),
            [Some("FAILED"), Some("StepError"), Some("no")],
            "a struct",
        ),
        (typed(None), [Some("FAILED"), None, None], "no error"),
        (
            members(&std::collections::HashMap::from([(Words::Status, Words::Failed)])),
            [Some("FAILED"), None, None],
            "variants of an enum",
        ),
        (members(&json!({"Status": "PENDING"})), [Some("PENDING"), None, None], "a suspension"),
        (
            members(&json!({"Result": "{\"Status\":\"FAILED\"}", "Status": "SUCCEEDED"})),
            [Some("SUCCEEDED"), None, None],
            "a result with the same words",
        ),
        (
            members(&json!({"Error": {"Status": "x", "Error": {"ErrorType": "y"}}, "ErrorType": "z"})),
            [None; 3],
            "members in other places",
        ),
        (
            members(&json!({"Status": {"Status": "x"}, "Error": ["ErrorType", {"ErrorType": "y"}]})),
            [None; 3],
            "members of other types",
        ),
    ] {
        assert_eq!(members.result_status_code, None, "{why}");
        let found = [members.status, members.error_type, members.error_message];
        assert_eq!(found.each_ref().map(Option::as_deref), expected, "{why}");
    }
}

#[test]
fn the_response_of_a_durable_execution_has_a_status_code() {
    for (result, code, why) in [
        (json!(r#"{"statusCode":503,"body":"x"}"#), Some(503), "a response"),
        (json!(r#"{"body":{"statusCode":503}}"#), None, "of another object"),
        (json!(r#"{"statusCode":"503"}"#), None, "a text"),
        (json!("statusCode"), None, "no JSON"),
        (json!({"statusCode": 503}), None, "no text"),
        (json!(null), None, "nothing"),
    ] {
        let response = json!({"Result": result, "Status": "SUCCEEDED"});
        assert_eq!(members(&response).result_status_code, code, "{why}");
        let unread = members_with(&response, false);
        assert_eq!((unread.result_status_code, unread.status.as_deref()), (None, Some("SUCCEEDED")), "{why}");
    }
}

#[test]
fn the_status_is_found_wherever_it_stands() {
    let mut v1 = ApiGatewayProxyResponse::default();
    v1.status_code = 404;
    let mut v2 = ApiGatewayV2httpResponse::default();
    v2.status_code = 201;
    assert_eq!((of(&v1), of(&v2)), (Some(404), Some(201)));
    assert_eq!(of(&Some(v2)), Some(201));
    for (response, code, why) in [
        (json!({ "body": "x", "statusCode": 503 }), Some(503), "a map"),
        (json!({ "statusCode": 200, "body": { "statusCode": 503 } }), Some(200), "beside another object's"),
        (json!({ "body": { "statusCode": 503 } }), None, "of another object"),
        (json!({ "statusCode": "503" }), None, "no number"),
        (json!({ "statusCode": -1 }), None, "no status"),
        (json!({ "statusCode": { "statusCode": 503 } }), None, "no number either"),
        (json!([{ "statusCode": 503 }]), None, "no object"),
        (json!("statusCode"), None, "no object"),
        (json!(null), None, "nothing"),
    ] {
        assert_eq!(of(&response), code, "{why}");
    }
}

#[test]
fn every_kind_of_value_passes_as_it_is() {
    #[derive(serde::Serialize)]
    struct Unit;
    #[derive(serde::Serialize)]
    struct Newtype<T>(T);
    #[derive(serde::Serialize)]
    enum Variants {
        Unit,
        Newtype(u8),
        Tuple(u8, i128),
        Struct { a: Option<u8> },
    }
    #[derive(serde::Serialize)]
    struct Response<T> {
        #[serde(skip_serializing_if = "Option::is_none")]
        none: Option<u8>,
        #[serde(rename = "statusCode")]
        status: T,
        rest: (bool, char, f32, f64, u128, &'static [u8]),
    }
    fn response<T>(status: T) -> Response<T> {
        Response { none: None, status, rest: (true, 'é', 0.5, f64::NAN, u128::MAX, b"bytes") }
    }
    assert_eq!(of(&response(503_u16)), Some(503));
    assert_eq!(of(&Newtype(response(Newtype(Some(503_i128))))), Some(503));
    assert_eq!(of(&response(Unit)), None);
    for variant in [Variants::Unit, Variants::Newtype(1), Variants::Tuple(1, -2), Variants::Struct { a: Some(1) }] {
        assert_eq!(of(&response(&variant)), None);
        assert_eq!(of(&variant), None);
    }
    assert_eq!(of(&std::collections::HashMap::from([(1_u8, 'a')])), None, "keys that are no text");
    assert_eq!(of(&std::collections::HashMap::from([((), 'a')])), None, "keys that JSON has not");
}

proptest! {
    #[test]
    fn any_json_passes_as_it_is(value in payload::tests::json()) {
        of(&value);
    }
}
