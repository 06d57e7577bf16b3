use lambda_http::Request;
use thundra_aws::{Error, handler};

#[handler(batch)]
async fn main(_request: Request) -> Result<(), Error> {
    Ok(())
}
