use thundra_aws::{Error, LambdaEvent, handler};

#[handler]
async fn main<'a, T: Send>(_event: LambdaEvent<T>) -> Result<(), Error> {
    Ok(())
}
