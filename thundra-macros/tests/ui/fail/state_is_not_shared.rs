use std::rc::Rc;

use thundra_aws::{Error, LambdaEvent, handler};

async fn connect() -> Rc<u8> {
    Rc::new(0)
}

#[handler(concurrent, init = connect)]
async fn main(_event: LambdaEvent<u8>, _state: &Rc<u8>) -> Result<(), Error> {
    Ok(())
}
