use thundra_aws::{Error, LambdaEvent, handler};

struct App;

impl App {
    #[handler]
    async fn main(&self, _event: LambdaEvent<u8>) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {
    let _ = App::main;
}
