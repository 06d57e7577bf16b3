//! Every shape of `main`. Each `main` stands in a module, so running the file calls none of the functions.

#![deny(warnings, missing_docs, unreachable_pub, rust_2018_idioms)]

use std::process::ExitCode;

use thundra_aws::{Error, LambdaEvent, handler};
use thundra_core::export::ConsoleExporter;
use thundra_core::{Config, Env, LogFormat, Telemetry, TelemetryBuilder};

mod plain {
    use super::*;

    /// Documented.
    #[handler]
    #[tracing::instrument(skip_all)]
    pub(crate) async fn main(event: LambdaEvent<serde_json::Value>) -> Result<serde_json::Value, Error> {
        #![allow(clippy::needless_return)]
        return Ok(event.payload);
    }
}

mod patterns {
    use super::*;

    #[handler()]
    pub(crate) async fn main(
        LambdaEvent { payload, context: _ }: LambdaEvent<Vec<u8>>,
    ) -> Result<impl serde::Serialize, std::io::Error> {
        Ok(payload.len())
    }
}

mod cfgs {
    use super::*;

    #[handler]
    #[cfg(test)]
    pub(crate) async fn main(event: Nothing) -> Nothing {}

    #[handler]
    #[cfg(not(test))]
    #[allow(unused_variables)]
    pub(crate) async fn main(event: LambdaEvent<()>) -> Result<(), &'static str> {
        Ok(())
    }
}

mod concurrent {
    use super::*;

    #[handler(concurrent)]
    pub(crate) async fn main(mut event: LambdaEvent<Vec<u8>>) -> Result<Vec<u8>, Error> {
        event.payload.push(0);
        Ok(event.payload)
    }
}

struct Warehouse<'a, T> {
    _name: &'a str,
    _stock: T,
}

mod init {
    use super::*;

    async fn connect() -> Warehouse<'static, u8> {
        Warehouse { _name: "north", _stock: 1 }
    }

    #[handler(init = connect)]
    pub(crate) async fn main(_: LambdaEvent<u8>, _warehouse: &Warehouse<'static, u8>) -> Result<(), Error> {
        Ok(())
    }
}

mod init_may_fail {
    use super::*;

    async fn connect<T: Default>() -> Result<Warehouse<'static, T>, Error> {
        Ok(Warehouse { _name: "north", _stock: T::default() })
    }

    #[handler(concurrent, init = connect::<u8>, crate = ::thundra_aws,)]
    pub(crate) async fn main<'a>(
        event: LambdaEvent<u8>,
        Warehouse { _stock, .. }: &'a Warehouse<'a, u8>,
    ) -> Result<u8, Error> {
        tokio::task::yield_now().await;
        Ok(event.payload + _stock)
    }
}

mod in_scope {
    pub(crate) use thundra_aws as tracer;

    #[tracer::handler(crate = tracer)]
    pub(crate) async fn main(event: tracer::LambdaEvent<u8>) -> Result<u8, tracer::Error> {
        if event.payload == 0 {
            return Err("empty".into());
        }
        let number: u8 = "1".parse()?;
        Ok(number)
    }
}

mod telemetry {
    use super::*;

    mod set_up {
        use super::*;

        pub(super) fn telemetry() -> Telemetry {
            Telemetry::builder().log_format(LogFormat::NONE).build()
        }
    }

    #[handler(telemetry = set_up::telemetry)]
    pub(crate) async fn main(event: LambdaEvent<u8>) -> Result<u8, Error> {
        Ok(event.payload)
    }
}

mod telemetry_and_more {
    use super::*;

    fn telemetry<const N: usize>() -> TelemetryBuilder {
        (0..N).fold(Telemetry::builder(), |builder, _| builder.exporter(ConsoleExporter::new()))
    }

    async fn connect() -> u8 {
        1
    }

    #[handler(telemetry = telemetry::<2>, init = connect, concurrent)]
    pub(crate) async fn main(event: LambdaEvent<u8>, telemetry: &u8) -> Result<u8, Error> {
        Ok(event.payload + telemetry)
    }
}

mod telemetry_is_a_configuration {
    use super::*;

    fn main_config() -> Config {
        Config::from_env(&Env::process())
    }

    #[handler(concurrent, telemetry = main_config)]
    pub(crate) async fn main(event: LambdaEvent<u8>) -> Result<u8, Error> {
        Ok(event.payload)
    }
}

fn main() {
    let _programs: [fn() -> ExitCode; 10] = [
        plain::main,
        patterns::main,
        cfgs::main,
        concurrent::main,
        init::main,
        init_may_fail::main,
        in_scope::main,
        telemetry::main,
        telemetry_and_more::main,
        telemetry_is_a_configuration::main,
    ];
}
