use thundra_aws::{Error, LambdaEvent, handler};

async fn connect() -> u8 {
    0
}

#[handler(init = connect)]
async fn main(_event: LambdaEvent<u8>, _state: &String) -> Result<(), Error> {
    Ok(())
}
