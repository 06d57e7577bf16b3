use thundra_aws::{Error, handler};

#[handler]
async fn main(_name: String) -> Result<(), Error> {
    Ok(())
}
