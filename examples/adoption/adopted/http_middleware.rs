//! An axum router with middleware for the context of API Gateway's authorizer.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lambda_http::request::RequestContext;
use lambda_http::{Error, RequestExt};

#[derive(Clone)]
struct User(String);

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    let app = Router::new().route("/profile", get(profile)).layer(from_fn(authorized));
    thundra_aws::http::run_concurrent(app).await
}

async fn authorized(mut request: Request, next: Next) -> Response {
    let user = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context
            .authorizer
            .as_ref()
            .and_then(|authorizer| authorizer.fields.get("user")?.as_str().map(str::to_owned)),
        _ => None,
    };
    let Some(user) = user else {
        return StatusCode::FORBIDDEN.into_response();
    };
    request.extensions_mut().insert(User(user));
    next.run(request).await
}

async fn profile(request: Request) -> String {
    let user = request.extensions().get::<User>().map_or("nobody", |user| user.0.as_str());
    format!("the profile of {user}")
}
