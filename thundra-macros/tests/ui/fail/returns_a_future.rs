use std::future::Future;

use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
fn handle(_event: LambdaEvent<u8>) -> impl Future<Output = Result<(), Error>> {
    async { Ok(()) }
}

fn main() {}
