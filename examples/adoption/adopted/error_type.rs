//! An error type of the function's own, with a name for each kind.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Withdrawal {
    balance: i64,
    cents: i64,
}

#[derive(Debug)]
enum Refused {
    Overdrawn { by: i64 },
    Nothing,
}

impl From<Refused> for Diagnostic {
    fn from(refused: Refused) -> Self {
        let (kind, message) = match refused {
            Refused::Overdrawn { by } => ("Overdrawn", format!("{by} cents are missing")),
            Refused::Nothing => ("Nothing", "there is nothing to withdraw".to_owned()),
        };
        Diagnostic { error_type: kind.to_owned(), error_message: message }
    }
}

#[tokio::main]
pub(super) async fn main() -> Result<(), Error> {
    let _telemetry = thundra_aws::init();
    thundra_aws::run(service_fn(withdraw)).await
}

async fn withdraw(event: LambdaEvent<Withdrawal>) -> Result<Value, Refused> {
    let Withdrawal { balance, cents } = event.payload;
    match balance - cents {
        _ if cents <= 0 => Err(Refused::Nothing),
        left if left < 0 => Err(Refused::Overdrawn { by: -left }),
        left => Ok(json!({ "balance": left })),
    }
}
