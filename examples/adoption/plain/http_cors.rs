//! Cross-origin requests by a layer of `tower-http`.

use axum::http::Method;
use lambda_http::tower::ServiceBuilder;
use lambda_http::{Body, Error, Request, Response, service_fn, tracing};
use tower_http::cors::{Any, CorsLayer};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let cors = CorsLayer::new().allow_methods([Method::GET, Method::POST]).allow_origin(Any);
    lambda_http::run(ServiceBuilder::new().layer(cors).service(service_fn(answer))).await
}

async fn answer(request: Request) -> Result<Response<Body>, Error> {
    let bytes = request.body().len();
    Ok(Response::new(Body::Binary(vec![0xff; bytes])))
}
