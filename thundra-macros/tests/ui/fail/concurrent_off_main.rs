use thundra_aws::{Error, LambdaEvent, handler};

#[handler(concurrent)]
async fn handle(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
