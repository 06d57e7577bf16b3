//! `batch`: the type of the argument determines the type of a record, and the attribute may name the event.

use aws_lambda_events::event::sqs::SqsMessage;
use thundra_aws::{Error, handler};

#[derive(serde::Deserialize)]
struct Order {
    #[allow(dead_code)]
    id: u64,
}

struct Warehouse;

async fn connect() -> Warehouse {
    Warehouse
}

mod json {
    use super::*;

    #[handler(batch)]
    pub async fn main(_order: Order) -> Result<(), Error> {
        Ok(())
    }
}

mod shared_state {
    use super::*;

    #[handler(batch, init = connect, concurrent)]
    pub async fn main(Order { .. }: Order, _warehouse: &Warehouse) -> Result<u8, std::io::Error> {
        Ok(1)
    }
}

mod named_event {
    use super::*;
    use aws_lambda_events::event::sqs::SqsEvent;

    #[handler(batch = SqsEvent)]
    pub async fn main(_order: Order) -> Result<(), Error> {
        Ok(())
    }
}

mod record {
    use super::*;

    #[handler(batch)]
    pub async fn main(_message: SqsMessage) -> Result<(), String> {
        Ok(())
    }
}

mod text {
    use super::*;

    #[handler(batch, concurrent)]
    pub async fn main(_line: String) -> Result<(), Error> {
        Ok(())
    }
}

mod bytes {
    use super::*;

    #[handler(batch = aws_lambda_events::event::firehose::KinesisFirehoseEvent)]
    pub async fn main(image: Vec<u8>) -> Result<Vec<u8>, Error> {
        Ok(image)
    }
}

fn main() {
    let _: [fn() -> std::process::ExitCode; 6] =
        [json::main, shared_state::main, named_event::main, record::main, text::main, bytes::main];
}
