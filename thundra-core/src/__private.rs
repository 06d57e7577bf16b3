//! The names in the expansions of attributes. The names may change in any release.

use std::borrow::Cow;
use std::fmt::Debug;
use std::future::Future;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

pub use tracing;
use tracing::Value;
use tracing::field::{DebugValue, debug};

/// Returns `None`. A `return` of the missing value tells the compiler the type of a block.
#[inline(always)]
pub const fn never<T>() -> Option<T> {
    None
}

/// Runs the body of a function that returns a future. The type parameters name the output of the future, because a
/// block cannot name the output.
#[inline(always)]
pub fn future_of<T, F: Future<Output = T>, B: FnOnce() -> F>(body: B) -> F {
    body()
}

/// Returns the rungs on which `thundra_field` looks for the value of a field, by autoderef specialisation: a value
/// known to `tracing`, a shared text, else the `Debug` text.
pub const fn field<T: ?Sized>(value: &T) -> ByValue<'_, T> {
    Rung(Rung(Ground(value)))
}

/// A type of the standard library with a text, without an `impl` of `tracing::Value`.
pub trait SharedText {
    /// Returns the text.
    fn text(&self) -> &str;
}

impl SharedText for Arc<str> {
    fn text(&self) -> &str {
        self
    }
}

impl SharedText for Rc<str> {
    fn text(&self) -> &str {
        self
    }
}

impl SharedText for Cow<'_, str> {
    fn text(&self) -> &str {
        self
    }
}

impl<T: SharedText + ?Sized> SharedText for &T {
    fn text(&self) -> &str {
        T::text(self)
    }
}

/// A value with methods tried before the methods of the value below.
#[derive(Debug)]
pub struct Rung<Below>(Below);

/// The last value in the lookup, for any type.
#[derive(Debug)]
pub struct Ground<'a, T: ?Sized>(&'a T);

type ByValue<'a, T> = Rung<ByText<'a, T>>;
type ByText<'a, T> = Rung<Ground<'a, T>>;

impl<Below> Deref for Rung<Below> {
    type Target = Below;

    fn deref(&self) -> &Below {
        &self.0
    }
}

impl<'a, T: Value + ?Sized> ByValue<'a, T> {
    /// Returns the value.
    pub const fn thundra_field(&self) -> &'a T {
        self.0.0.0
    }
}

impl<'a, T: SharedText + ?Sized> ByText<'a, T> {
    /// Returns the text.
    pub fn thundra_field(&self) -> &'a str {
        self.0.0.text()
    }
}

impl<'a, T: ?Sized> Ground<'a, T> {
    /// Returns the `Debug` text.
    pub fn thundra_field(&self) -> DebugValue<&'a T>
    where
        T: Debug,
    {
        debug(self.0)
    }
}
