use thundra_aws::{Error, handler};

#[handler]
async fn main(_request: lambda_http::http::Request<String>) -> Result<String, Error> {
    Ok(String::new())
}
