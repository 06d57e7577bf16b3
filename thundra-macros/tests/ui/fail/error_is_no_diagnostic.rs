use thundra_aws::{LambdaEvent, handler};

#[derive(Debug)]
struct Declined;

#[handler]
async fn main(_event: LambdaEvent<u8>) -> Result<(), Declined> {
    Err(Declined)
}
