use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
fn handle(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
