use thundra_aws::{Error, LambdaEvent, handler};

#[handler(batch)]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
