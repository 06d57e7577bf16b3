use lambda_http::{Request, Response, service_fn};
use thundra_aws::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    thundra_aws::http::run(service_fn(number)).await?;
    thundra_aws::http::run_with_streaming_response(service_fn(streamed)).await
}

async fn number(_request: Request) -> Result<u8, Error> {
    Ok(7)
}

async fn streamed(_request: Request) -> Result<Response<u8>, Error> {
    Ok(Response::new(7))
}
