use thundra_aws::{Error, LambdaEvent, handler};

#[handler(init)]
async fn main(_event: LambdaEvent<u8>, _state: &u8) -> Result<(), Error> {
    Ok(())
}
