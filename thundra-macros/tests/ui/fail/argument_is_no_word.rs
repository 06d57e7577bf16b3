use thundra_aws::{Error, LambdaEvent, handler};

#[handler("orders")]
async fn handle(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
