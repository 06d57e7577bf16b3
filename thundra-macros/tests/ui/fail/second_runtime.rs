use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
#[tokio::main]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
