//! The value returned by a `main` without arguments: a service, or a result with a service. The compiler tells the two
//! apart by method lookup, as in [`autoderef`](super::autoderef).

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::Deref;

use thundra_core::exception::Exception;

/// Returns the rungs on which `thundra_made` looks for the service.
pub fn made<T>(_: &T) -> Rung<T> {
    Rung(Ground(PhantomData))
}

/// A value with methods tried before the methods of the value below.
#[derive(Debug)]
pub struct Rung<T>(Ground<T>);

/// The last value in the lookup, for any type.
#[derive(Debug)]
pub struct Ground<T>(PhantomData<fn() -> T>);

impl<T> Deref for Rung<T> {
    type Target = Ground<T>;

    fn deref(&self) -> &Ground<T> {
        &self.0
    }
}

impl<S, E: Display + 'static> Rung<Result<S, E>> {
    /// Returns the service in the result.
    ///
    /// # Errors
    ///
    /// The error of `main`.
    pub fn thundra_made(&self, made: Result<S, E>) -> Result<S, Exception> {
        made.map_err(|error| Exception::of_value(&error))
    }
}

impl<S> Ground<S> {
    /// Returns the service.
    ///
    /// # Errors
    ///
    /// None.
    pub fn thundra_made(&self, made: S) -> Result<S, Exception> {
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_taken_out_of_a_result() {
        let (plain, good, bad) = (7, Ok::<_, String>(7), Err::<u8, _>("no database"));
        assert_eq!(made(&plain).thundra_made(plain), Ok(7));
        assert_eq!(made(&good).thundra_made(good), Ok(7));
        assert_eq!(made(&bad).thundra_made(bad).unwrap_err().message(), "no database");
    }
}
