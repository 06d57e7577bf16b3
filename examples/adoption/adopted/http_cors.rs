//! Cross-origin requests by a layer of `tower-http`.

use axum::http::Method;
use lambda_http::tower::ServiceBuilder;
use lambda_http::{Body, Error, Request, Response, service_fn};
use tower_http::cors::{Any, CorsLayer};

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    let cors = CorsLayer::new().allow_methods([Method::GET, Method::POST]).allow_origin(Any);
    thundra_aws::http::run(ServiceBuilder::new().layer(cors).service(service_fn(answer))).await
}

async fn answer(request: Request) -> Result<Response<Body>, Error> {
    let bytes = request.body().len();
    Ok(Response::new(Body::Binary(vec![0xff; bytes])))
}
