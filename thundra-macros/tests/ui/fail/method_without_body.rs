use thundra_aws::{Error, LambdaEvent, handler};

trait Handle {
    #[handler]
    async fn handle(&self, event: LambdaEvent<u8>) -> Result<(), Error>;
}

fn main() {}
