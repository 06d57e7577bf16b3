use lambda_http::Request;
use thundra_aws::{Error, handler};

#[handler]
async fn main(_request: Request) -> Result<u8, Error> {
    Ok(7)
}
