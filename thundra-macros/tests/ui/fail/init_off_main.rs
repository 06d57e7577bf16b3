use thundra_aws::{Error, LambdaEvent, handler};

async fn connect() {}

#[handler(init = connect)]
async fn handle(_event: LambdaEvent<u8>, _state: &()) -> Result<(), Error> {
    Ok(())
}

fn main() {
    let _ = (connect, handle);
}
