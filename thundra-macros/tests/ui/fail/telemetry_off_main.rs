use thundra_aws::{Error, LambdaEvent, handler};

#[handler(telemetry = telemetry)]
async fn handle(_event: LambdaEvent<u8>) -> Result<(), Error> {
    Ok(())
}

fn telemetry() -> thundra_core::Telemetry {
    thundra_core::Telemetry::default()
}

fn main() {}
