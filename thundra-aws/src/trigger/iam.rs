//! Callers that AWS authenticated by IAM.

use super::parse::json::Object;

/// The suffix of a session with the credentials of a Cognito identity.
const COGNITO_SESSION: &str = "CognitoIdentityCredentials";
/// Words of mapping templates in place of a caller.
const NOBODY: [&str; 5] = ["null", "none", "undefined", "anonymous", "unknown"];

/// Returns `true` for an identity with credentials of IAM. The credentials of a Cognito identity do not count, because
/// any visitor can get them.
pub(super) fn is_iam(identity: &Object<'_>) -> bool {
    let has_text = |key: &&str| identity.text(key).is_some_and(|id| !id.is_empty());
    let is_visitor = identity.object("cognitoIdentity").is_some()
        || ["cognitoIdentityId", "cognitoIdentityPoolId"].iter().any(has_text);
    let has_user = || identity.text("userArn").is_some_and(|arn| is_caller_arn(&arn));
    let has_caller = || identity.text("caller").is_some_and(|caller| is_caller(&caller));
    !is_visitor && (has_user() || has_caller())
}

/// Returns `true` for the ARN of a caller of IAM, unless the caller is a Cognito identity.
pub(super) fn is_caller_arn(arn: &str) -> bool {
    arn.starts_with("arn:") && is_caller(arn)
}

/// Returns `true` for a caller or a session of IAM, but not for a Cognito identity or a word in place of a caller.
pub(super) fn is_caller(caller: &str) -> bool {
    let caller = caller.trim();
    let is_nobody = NOBODY.iter().any(|word| word.eq_ignore_ascii_case(caller));
    caller.contains(|c: char| c.is_ascii_alphanumeric()) && !is_nobody && !caller.ends_with(COGNITO_SESSION)
}
