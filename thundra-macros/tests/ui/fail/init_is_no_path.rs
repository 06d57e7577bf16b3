use thundra_aws::{Error, LambdaEvent, handler};

#[handler(init = "connect")]
async fn main(_event: LambdaEvent<u8>, _state: &u8) -> Result<(), Error> {
    Ok(())
}
