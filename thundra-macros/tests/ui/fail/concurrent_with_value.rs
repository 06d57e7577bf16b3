use thundra_aws::{Error, LambdaEvent, handler};

#[handler(concurrent = true)]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
