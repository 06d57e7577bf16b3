//! A response to an HTTP request, by its query.

use lambda_http::{Body, Error, IntoResponse, Request, RequestExt, Response, service_fn, tracing};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_http::run(service_fn(hello)).await
}

async fn hello(request: Request) -> Result<impl IntoResponse, Error> {
    let query = request.query_string_parameters();
    let Some(name) = query.first("name") else {
        return Ok(Response::builder().status(400).body(Body::from("a name is needed"))?);
    };
    let text = format!("hello {name} at {}", request.raw_http_path());
    Ok(Response::builder().header("content-type", "text/plain").body(text.into())?)
}
