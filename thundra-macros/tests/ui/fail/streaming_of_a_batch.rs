use thundra_aws::{Error, handler};

#[handler(streaming, batch)]
async fn main(_order: String) -> Result<(), Error> {
    Ok(())
}
