use thundra_aws::{Error, handler};

struct Order;

#[handler(batch)]
async fn main(_order: Order) -> Result<(), Error> {
    Ok(())
}
