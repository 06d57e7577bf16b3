//! The console as its users run it: the binary, on free ports.

mod api;
mod harness;
mod logs;
mod odd;
mod otlp;
mod security;
