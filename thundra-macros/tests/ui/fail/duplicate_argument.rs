use thundra_aws::{Error, LambdaEvent, handler};

#[handler(concurrent, concurrent)]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
