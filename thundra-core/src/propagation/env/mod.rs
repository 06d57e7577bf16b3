//! Context in environment variables, from a program to the started processes: [Environment Variables as Context
//! Propagation Carriers] of OpenTelemetry.
//!
//! The key of a carrier becomes the name of a variable: in upper case, with `_` for each sign other than an ASCII
//! letter or digit.
//!
//! | variable | format |
//! |---|---|
//! | `TRACEPARENT`, `TRACESTATE` | W3C Trace Context |
//! | `BAGGAGE` | W3C Baggage |
//! | `X_AMZN_TRACE_ID` | X-Ray's trace header. Lambda's own variable `_X_AMZN_TRACE_ID` is another variable, and not read here |
//! | `X_CORRELATION_*`, `DEBUG_LOG_ENABLED`, `CALL_CHAIN_LENGTH` | correlation ids |
//!
//! `OTEL_PROPAGATORS` selects among the formats. A name has no lower case and no `-`. The correlation ids `order-id`
//! and `order_id` therefore share a variable, and arrive as `order-id`.
//!
//! # From parent to child
//!
//! [`inject`] writes the context of the running code into a command. In the child, `thundra_http::scope` continues the
//! trace, and [`extract`] continues a trace by hand. The module starts no process, and changes no variable of the
//! running program.
//!
//! A child of a Lambda function has the function's variables, so `scope` in the child takes no context from the
//! environment. Remove `AWS_LAMBDA_RUNTIME_API` from the command of a child that is no function.
//!
//! ```no_run
//! use std::process::Command;
//!
//! use thundra_core::propagation::env;
//!
//! # fn import() -> std::io::Result<()> {
//! let mut command = Command::new("import");
//! env::inject(&mut command);
//! command.status()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! All variables of a child together have at most 16 KiB, the most important first: `TRACEPARENT`, the id of the chain
//! of calls with length and debug switch, `TRACESTATE`, `X_AMZN_TRACE_ID`, other correlation ids, `BAGGAGE`. A variable
//! without room is left out whole, and counted on the scope as `thundra.injection.incomplete_messages`.
//!
//! Other users of a machine may see the environment of a process. Correlation ids and baggage are not for secrets.
//!
//! [Environment Variables as Context Propagation Carriers]: https://opentelemetry.io/docs/specs/otel/context/env-carriers/

mod child;
mod extract;
mod names;

pub use child::{inject, stale_vars, vars};
pub use extract::extract;
