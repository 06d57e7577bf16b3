use axum::Router;
use axum::extract::State;
use axum::routing::get;
use thundra_aws::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app: Router<u8> = Router::new().route("/", get(async |State(_): State<u8>| "hello"));
    thundra_aws::http::run(app.clone()).await?;
    thundra_aws::http::run_with_streaming_response(app).await
}
