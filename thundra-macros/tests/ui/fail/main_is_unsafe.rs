use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
async unsafe fn main(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}
