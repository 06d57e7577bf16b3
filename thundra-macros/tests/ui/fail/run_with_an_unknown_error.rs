use thundra_aws::{Error, LambdaEvent, service_fn};

#[derive(Debug)]
struct Declined;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    thundra_aws::run(service_fn(greet)).await
}

async fn greet(_event: LambdaEvent<String>) -> Result<String, Declined> {
    Err(Declined)
}
