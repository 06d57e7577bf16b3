//! A trait for the requests of both clients.

use std::time::Duration;

use http::{HeaderMap, Method};
use reqwest::Url;

/// A request of the async or of the blocking client, with the methods of [`reqwest::Request`].
pub(crate) trait AnyRequest: Sized {
    /// Copies the request. `None` if the body is a stream.
    fn try_clone(&self) -> Option<Self>;
    /// Copies all but the body.
    fn clone_without_body(&self) -> Self;
    fn drop_body(&mut self);
    fn method(&self) -> &Method;
    fn method_mut(&mut self) -> &mut Method;
    fn url(&self) -> &Url;
    fn url_mut(&mut self) -> &mut Url;
    fn headers(&self) -> &HeaderMap;
    fn headers_mut(&mut self) -> &mut HeaderMap;
    fn timeout(&self) -> Option<&Duration>;
    fn timeout_mut(&mut self) -> &mut Option<Duration>;
}

/// Implements the trait with the inherent methods of the type.
macro_rules! any_request {
    ($request:ty) => {
        impl AnyRequest for $request {
            fn try_clone(&self) -> Option<Self> {
                <$request>::try_clone(self)
            }

            fn clone_without_body(&self) -> Self {
                let mut copy = <$request>::new(self.method().clone(), self.url().clone());
                *copy.headers_mut() = self.headers().clone();
                *copy.version_mut() = self.version();
                *copy.timeout_mut() = self.timeout().copied();
                copy
            }

            fn drop_body(&mut self) {
                *self.body_mut() = None;
            }

            fn method(&self) -> &Method {
                <$request>::method(self)
            }

            fn method_mut(&mut self) -> &mut Method {
                <$request>::method_mut(self)
            }

            fn url(&self) -> &Url {
                <$request>::url(self)
            }

            fn url_mut(&mut self) -> &mut Url {
                <$request>::url_mut(self)
            }

            fn headers(&self) -> &HeaderMap {
                <$request>::headers(self)
            }

            fn headers_mut(&mut self) -> &mut HeaderMap {
                <$request>::headers_mut(self)
            }

            fn timeout(&self) -> Option<&Duration> {
                <$request>::timeout(self)
            }

            fn timeout_mut(&mut self) -> &mut Option<Duration> {
                <$request>::timeout_mut(self)
            }
        }
    };
}
any_request!(reqwest::Request);
#[cfg(feature = "blocking")]
any_request!(reqwest::blocking::Request);
