use thundra_aws::{Error, LambdaEvent, handler};

#[handler(streaming)]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
