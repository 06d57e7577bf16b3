//! `#[traced]` on code that denies every warning.
#![deny(warnings, clippy::all, clippy::pedantic)]
#![forbid(unused)]
#![allow(unsafe_code)]

use thundra_http::traced;

/// Counts.
#[derive(Debug, Default)]
pub struct Counter {
    count: usize,
}

#[traced(fields(by, ?only_recorded))]
impl Counter {
    /// Adds a number.
    #[must_use]
    pub fn add(mut self, by: usize) -> Self {
        self.count += by;
        self
    }

    /// Adds a number later.
    pub async fn add_later(&mut self, by: usize) {
        std::future::ready(()).await;
        self.count += by;
    }

    /// Only records, later.
    pub async fn record_parts((only_recorded, _): (&Self, u8), by: usize) {
        std::future::ready(()).await;
    }

    /// # Safety
    ///
    /// Is always safe.
    pub unsafe fn dangerous(&self) -> usize {
        self.count
    }

    /// # Safety
    ///
    /// Is always safe.
    pub async unsafe fn dangerous_later(&self, other: &Self) -> usize {
        // SAFETY: The functions are safe.
        unsafe { self.dangerous() + other.dangerous() }
    }

    /// Only records.
    pub async fn record(&self, by: usize) {
        std::future::ready(()).await;
    }

    fn private(&self, by: &str) -> usize {
        self.count + by.len()
    }

    /// Never returns.
    pub fn exit(&self) -> ! {
        std::process::exit(i32::from(self.exit_code()) + i32::from(self.private("") == 0))
    }

    #[inline]
    fn exit_code(&self) -> u8 {
        u8::from(self.count != 1)
    }
}

#[rustfmt::skip]
#[traced]
mod one_line {
    pub fn value() -> u8 { 1 }
    pub async fn later() -> u8 { 1 }
    pub fn future() -> impl Future<Output = u8> { async move { 1 } }
    pub fn boxed() -> std::pin::Pin<Box<dyn Future<Output = u8>>> { Box::pin(async move { 1 }) }
    pub fn ready() -> impl Future<Output = u8> { std::future::ready(1) }
}

#[traced]
fn main() {
    assert_eq!(one_line::value(), 1);
    drop((one_line::later(), one_line::future(), one_line::boxed(), one_line::ready()));
    let counter = Counter::default().add(1);
    // SAFETY: The function is safe.
    assert_eq!(unsafe { counter.dangerous() }, 1);
    counter.exit();
}
