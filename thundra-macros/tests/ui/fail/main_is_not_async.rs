use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
