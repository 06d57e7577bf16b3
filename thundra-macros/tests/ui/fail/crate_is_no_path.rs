use thundra_aws::{Error, LambdaEvent, handler};

#[handler(crate = "thundra_aws")]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
