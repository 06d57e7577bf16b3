//! A sign-up to a Cognito user pool, confirmed for one domain.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsPreSignup;
use lambda_runtime::{Error, LambdaEvent};

#[thundra_aws::handler]
pub(super) async fn main(
    event: LambdaEvent<CognitoEventUserPoolsPreSignup>,
) -> Result<CognitoEventUserPoolsPreSignup, Error> {
    let mut event = event.payload;
    let email = event.request.user_attributes.get("email").ok_or("a sign-up without an address")?;
    event.response.auto_confirm_user = email.ends_with("@example.com");
    Ok(event)
}
