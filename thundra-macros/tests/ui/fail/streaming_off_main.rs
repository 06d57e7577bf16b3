use thundra_aws::{Error, LambdaEvent, handler};

#[handler(streaming)]
async fn work(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
