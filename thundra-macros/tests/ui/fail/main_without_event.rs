use thundra_aws::{Error, handler};

#[handler]
async fn main() -> Result<(), Error> {
    Ok(())
}
