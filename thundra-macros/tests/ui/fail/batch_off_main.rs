use thundra_aws::{Error, handler};

#[handler(batch)]
async fn ship(_order: u8) -> Result<(), Error> {
    Ok(())
}

fn main() {}
