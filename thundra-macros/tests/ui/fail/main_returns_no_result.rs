use thundra_aws::{LambdaEvent, handler};

#[handler]
async fn main(event: LambdaEvent<u8>) -> u8 {
    event.payload
}
