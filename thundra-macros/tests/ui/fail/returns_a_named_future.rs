use std::future::{Ready, ready};

use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
fn handle(_event: LambdaEvent<u8>) -> Ready<Result<(), Error>> {
    ready(Ok(()))
}

fn main() {}
