use thundra_aws::{Error, LambdaEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    thundra_aws::run(greet).await
}

async fn greet(event: LambdaEvent<String>) -> Result<String, Error> {
    Ok(event.payload)
}
