use lambda_http::Request;
use thundra_aws::{Error, handler};

#[handler(streaming)]
async fn main(_request: Request) -> Result<String, Error> {
    Ok(String::new())
}
