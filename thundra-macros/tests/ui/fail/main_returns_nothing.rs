use thundra_aws::{LambdaEvent, handler};

#[handler]
async fn main(_event: LambdaEvent<u8>) {}
