use thundra_aws::{Error, handler};

#[handler(batch)]
async fn main() -> Result<(), Error> {
    Ok(())
}
